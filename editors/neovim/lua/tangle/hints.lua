-- Marks of outputs that are stale or failed. Neovim shows inlay hints since 0.10; before, virtual text does.

local M = {}

local namespace = vim.api.nvim_create_namespace("tangle_hints")

local function place(buffer, found)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local lines = vim.api.nvim_buf_line_count(buffer)
  for _, hint in ipairs(found or {}) do
    if hint.position.line < lines then
      vim.api.nvim_buf_set_extmark(buffer, namespace, hint.position.line, 0, {
        virt_text = { { hint.label, "Comment" } },
        virt_text_pos = "eol",
      })
    end
  end
end

--- Show the marks of a buffer.
function M.show(client, buffer)
  if vim.lsp.inlay_hint then
    vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
    return
  end
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(buffer),
    range = {
      start = { line = 0, character = 0 },
      ["end"] = { line = vim.api.nvim_buf_line_count(buffer), character = 0 },
    },
  }
  client.request("textDocument/inlayHint", params, function(_, found)
    if vim.api.nvim_buf_is_loaded(buffer) then
      place(buffer, found)
    end
  end, buffer)
end

return M
