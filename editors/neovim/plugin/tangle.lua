-- Starts `tangle lsp` for the pages of a graph, and defines the commands.

if vim.g.loaded_tangle or vim.fn.has("nvim-0.7") == 0 then
  return
end
vim.g.loaded_tangle = true

local group = vim.api.nvim_create_augroup("tangle", {})

vim.api.nvim_create_autocmd("FileType", {
  group = group,
  pattern = "markdown",
  callback = function(event)
    require("tangle").attach(event.buf)
  end,
})

vim.api.nvim_create_autocmd("BufWritePost", {
  group = group,
  callback = function(event)
    require("tangle").saved(event.buf)
  end,
})

local function command(name, description, options, action)
  options.desc = description
  vim.api.nvim_create_user_command(name, action, options)
end

command("TangleRun", "Run the block at the cursor, or what the arguments name", { nargs = "*" }, function(call)
  if #call.fargs > 0 then
    require("tangle").run(call.fargs)
  else
    require("tangle").run_lens("Run")
  end
end)
command("TangleRunAbove", "Run the blocks above the one at the cursor", {}, function()
  require("tangle").run_lens("Run above")
end)
command("TangleRunSection", "Run the section at the cursor", {}, function()
  require("tangle").run_lens("Run section")
end)
command("TangleRunAll", "Run all sections that have code", {}, function()
  require("tangle").run({})
end)
command("TangleStop", "Cancel what runs", {}, function()
  require("tangle").stop()
end)
command("TangleCheck", "List the problems of all pages", {}, function()
  require("tangle").check()
end)
command("TangleDebug", "Debug the section at the cursor, with nvim-dap", {}, function()
  require("tangle.dap").debug()
end)
