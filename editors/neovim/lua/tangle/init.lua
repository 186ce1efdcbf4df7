-- The client of `tangle lsp`, for Neovim 0.7 and newer.

local lenses = require("tangle.lenses")
local hints = require("tangle.hints")

local M = {}

local options = {
  command = nil, -- the path of `tangle`; nil looks for it in a .venv above the page, which it asks about, then in PATH
  python = "ty", -- the Python language server behind that of tangle: "ty", "basedpyright" or "off"
  run_on_save = false, -- runs the sections of a page when it is saved
}

local clients = {} -- the ids of clients by the folders of their graphs
local answers = {} -- whether a command from a .venv may start, as the user has answered
local saving = false -- whether a page is saved in order to run it

--- Change options; call it before the first page is opened.
function M.setup(changes)
  options = vim.tbl_extend("force", options, changes or {})
end

local function report(message, level)
  vim.notify("tangle: " .. message, level or vim.log.levels.WARN)
end

-- The folders around a file, the nearest first.
local function folders_around(path)
  local folders = {}
  local folder = vim.fn.fnamemodify(path, ":p:h")
  while folder ~= folders[#folders] do
    table.insert(folders, folder)
    folder = vim.fn.fnamemodify(folder, ":h")
  end
  return folders
end

--- Return the folder of the graph that a file is in, or nil.
function M.graph_of(path)
  for _, folder in ipairs(folders_around(path)) do
    if vim.fn.filereadable(folder .. "/logseq/config.edn") == 1 then
      return folder
    end
  end
end

-- A .venv may have come with the notes, from a clone: its command starts only if the user agrees, once.
local function is_agreed(command)
  local folder = vim.fn.stdpath("data")
  local list = folder .. "/tangle-commands"
  if vim.fn.filereadable(list) == 1 and vim.tbl_contains(vim.fn.readfile(list), command) then
    return true
  end
  if answers[command] == nil then
    local question = "tangle: start " .. command .. ", which lies beside the notes?"
    answers[command] = vim.fn.confirm(question, "&Yes\n&No", 2) == 1
    if answers[command] then
      vim.fn.mkdir(folder, "p")
      vim.fn.writefile({ command }, list, "a")
    end
  end
  return answers[command]
end

--- Return the command of tangle for a graph.
function M.command_for(root)
  if options.command then
    return options.command
  end
  for _, folder in ipairs(folders_around(root .. "/logseq")) do
    for _, inside in ipairs({ "/.venv/bin/tangle", "/.venv/Scripts/tangle.exe" }) do
      if vim.fn.executable(folder .. inside) == 1 and is_agreed(folder .. inside) then
        return folder .. inside
      end
    end
  end
  return "tangle"
end

local function show_lenses(client, buffer)
  hints.show(client, buffer)
  if vim.lsp.codelens.enable then
    vim.lsp.codelens.enable(true, { bufnr = buffer })
  else
    vim.api.nvim_buf_call(buffer, vim.lsp.codelens.refresh)
  end
end

local function attached(client, buffer)
  show_lenses(client, buffer)
  vim.api.nvim_create_autocmd({ "BufWritePost", "InsertLeave", "TextChanged" }, {
    group = vim.api.nvim_create_augroup("tangle_lenses_" .. buffer, {}),
    buffer = buffer,
    callback = function()
      if vim.lsp.buf_is_attached(buffer, client.id) then
        show_lenses(client, buffer)
      end
    end,
  })
end

local function configuration(root)
  return {
    name = "tangle",
    cmd = { M.command_for(root), "lsp" },
    root_dir = root,
    init_options = { python = options.python },
    on_attach = attached,
  }
end

-- Neovim 0.7 has no `vim.lsp.start`, which finds the client that a graph already has.
local function start(root, buffer)
  local config = configuration(root)
  if vim.lsp.start then
    clients[root] = vim.lsp.start(config, { bufnr = buffer })
    return
  end
  local running = clients[root] and vim.lsp.get_client_by_id(clients[root])
  clients[root] = running and clients[root] or vim.lsp.start_client(config)
  vim.lsp.buf_attach_client(buffer, clients[root])
end

--- Attach a buffer to the server of its graph, if it has one.
function M.attach(buffer)
  local path = vim.api.nvim_buf_get_name(buffer)
  local root = path ~= "" and vim.bo[buffer].buftype == "" and M.graph_of(path)
  if not root then
    return
  end
  if vim.fn.executable(M.command_for(root)) == 0 then
    report("there is no " .. M.command_for(root) .. "; name it: require('tangle').setup({ command = PATH })")
    return
  end
  start(root, buffer)
end

--- Return the client of a buffer, or nil and a message.
function M.client(buffer)
  local root = M.graph_of(vim.api.nvim_buf_get_name(buffer))
  local id = root and clients[root]
  local client = id and vim.lsp.get_client_by_id(id)
  if not client then
    report("this buffer is no page of a graph, or its server has ended")
  end
  return client
end

-- Call a method of a client: since 0.11 the client is its first argument.
local function request(client, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client:request(...)
  end
  return client.request(...)
end
M.request = request

local function pages_of(client)
  return vim.tbl_filter(function(buffer)
    return vim.api.nvim_buf_is_loaded(buffer) and vim.lsp.buf_is_attached(buffer, client.id)
  end, vim.api.nvim_list_bufs())
end

local function save(client)
  saving = true
  for _, buffer in ipairs(pages_of(client)) do
    vim.api.nvim_buf_call(buffer, function()
      local saved, message = pcall(vim.cmd, "silent update")
      if not saved then
        report(message)
      end
    end)
  end
  saving = false
end

-- The outputs are in the files: read them, and ask for lenses and marks again.
local function show_outputs(client)
  vim.cmd("checktime")
  for _, buffer in ipairs(pages_of(client)) do
    show_lenses(client, buffer)
  end
end

local function run(client, what, buffer)
  save(client)
  local call = { command = "tangle.run", arguments = what }
  request(client, "workspace/executeCommand", call, function(failure)
    if failure then
      report(failure.message, vim.log.levels.ERROR)
    end
    vim.schedule(function()
      show_outputs(client)
    end)
  end, buffer)
end

--- Run what these arguments of `tangle run` name; all sections without any.
function M.run(what)
  local buffer = vim.api.nvim_get_current_buf()
  local client = M.client(buffer)
  if client then
    run(client, what, buffer)
  end
end

--- Call a function with the arguments of the lens with a title at the cursor.
function M.with_lens(title, action)
  local buffer = vim.api.nvim_get_current_buf()
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  local client = M.client(buffer)
  if not client then
    return
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(buffer) }
  request(client, "textDocument/codeLens", params, function(_, found)
    local lens = lenses.at(found or {}, title, line)
    if lens then
      action(client, lens.command.arguments, buffer)
    else
      report(lenses.nothing[title])
    end
  end, buffer)
end

--- Run the lens with a title at the cursor.
function M.run_lens(title)
  M.with_lens(title, run)
end

--- Cancel what runs.
function M.stop()
  local buffer = vim.api.nvim_get_current_buf()
  local client = M.client(buffer)
  if client then
    request(client, "workspace/executeCommand", { command = "tangle.cancel" }, function() end, buffer)
  end
end

--- List the problems of all pages in the quickfix window.
function M.check()
  local client = M.client(vim.api.nvim_get_current_buf())
  if not client then
    return
  end
  local namespace = vim.lsp.diagnostic.get_namespace(client.id)
  vim.diagnostic.setqflist({ namespace = namespace, title = "tangle check", open = false })
  if #vim.fn.getqflist() == 0 then
    vim.cmd("cclose")
    report("no problems", vim.log.levels.INFO)
  else
    vim.cmd("copen")
  end
end

--- Run the sections of a page that was saved, if the options say so.
function M.saved(buffer)
  local root = options.run_on_save and not saving and M.graph_of(vim.api.nvim_buf_get_name(buffer))
  local client = root and clients[root] and vim.lsp.get_client_by_id(clients[root])
  if not client or not vim.lsp.buf_is_attached(buffer, client.id) then
    return
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(buffer) }
  request(client, "textDocument/codeLens", params, function(_, found)
    local what = lenses.sections(found or {})
    if #what > 0 then
      run(client, what, buffer)
    end
  end, buffer)
end

-- The lenses: a page is saved before it runs, and read after.
vim.lsp.commands["tangle.run"] = function(command, context)
  run(vim.lsp.get_client_by_id(context.client_id), command.arguments or {}, context.bufnr)
end

return M
