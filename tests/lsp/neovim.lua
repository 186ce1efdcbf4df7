-- Asks `tangle lsp` from Neovim (0.7 or later), as an editor does, and prints what it answers.
local spec = vim.json.decode(vim.env.TANGLE_PROBES)
local said = {}
vim.cmd("edit " .. vim.fn.fnameescape(spec.page))
local id = vim.lsp.start_client({ name = "tangle", cmd = spec.command, root_dir = spec.root })
vim.lsp.buf_attach_client(0, id)

local function ask(method, more)
  local encoding = vim.lsp.get_client_by_id(id).offset_encoding
  local params = vim.tbl_extend("force", vim.lsp.util.make_position_params(0, encoding), more or {})
  local answers = vim.lsp.buf_request_sync(0, method, params, 60000) or {}
  for _, answer in pairs(answers) do
    return answer.error and answer.error.message or answer.result
  end
end

vim.wait(60000, function()
  local client = vim.lsp.get_client_by_id(id)
  return client ~= nil and client.initialized
end, 20)
vim.fn.cursor(1, 1)
vim.fn.search(spec.text)
said.hover = ask("textDocument/hover").contents.value
local place = ask("textDocument/definition")[1]
said.definition = vim.uri_to_fname(place.uri) .. ":" .. (place.range.start.line + 1)
said.rename = #ask("textDocument/rename", { newName = "fresh" }).documentChanges
local lenses = ask("textDocument/codeLens")
said.run = ask("workspace/executeCommand", lenses[1].command)
vim.api.nvim_buf_set_lines(0, 0, 0, false, { "- ```python", "  def broken(:", "  ```" })
vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 20)
said.problems = #vim.diagnostic.get(0)
io.write(vim.json.encode(said))
vim.lsp.stop_client(id)
vim.cmd("qa!")
