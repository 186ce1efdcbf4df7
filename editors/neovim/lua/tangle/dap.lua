-- Debug sections with nvim-dap, where it is installed.

local M = {}

local PATIENCE = 60000 -- milliseconds until the session has to listen

--- Return the host and port that `tangle debug` reports in a text, or nil.
function M.address_in(text)
  local host, port = text:match("the debugger listens at (%S+):(%d+)")
  return host, tonumber(port)
end

local function report(message)
  vim.schedule(function()
    vim.notify("tangle: " .. message, vim.log.levels.ERROR)
  end)
end

--- Start `tangle debug` and call a function with the host and port where it listens.
function M.launch(root, what, listens, printed)
  local said, host, port = "", nil, nil
  local command = { require("tangle").command_for(root), "debug", what, "--listen", "127.0.0.1:0", "--wait" }
  local job = vim.fn.jobstart(command, {
    cwd = root,
    on_stdout = function(_, lines)
      printed(table.concat(lines, "\n"))
    end,
    on_stderr = function(_, lines)
      local text = table.concat(lines, "\n")
      said = said .. text
      if not port then
        host, port = M.address_in(said)
        if port then
          listens(host, port)
        end
      else
        printed(text)
      end
    end,
    on_exit = function(_, code)
      if not port then
        report(said ~= "" and vim.trim(said) or ("tangle debug ended with " .. code))
      end
    end,
  })
  vim.defer_fn(function()
    if not port then
      vim.fn.jobstop(job)
    end
  end, PATIENCE)
end

-- debugpy's adapter is there already: it is attached to, whatever the configuration says.
local function as_attach(config, use)
  use(vim.tbl_extend("force", config, { request = "attach" }))
end

local function adapter(use, config)
  local function connect(host, port)
    use({ type = "server", host = host, port = port, enrich_config = as_attach })
  end
  if config.request == "attach" then
    connect(config.connect.host, config.connect.port)
    return
  end
  local root = require("tangle").graph_of(vim.api.nvim_buf_get_name(0))
  if not root then
    report("this buffer is no page of a graph")
    return
  end
  M.launch(root, config.what, connect, function(text)
    require("dap.repl").append(text)
  end)
end

local function nvim_dap()
  local found, dap = pcall(require, "dap")
  if not found then
    report("there is no nvim-dap; without it, `tangle debug` in a terminal does")
    return nil
  end
  dap.adapters.tangle = dap.adapters.tangle or adapter
  return dap
end

--- Debug the section at the cursor.
function M.debug()
  local dap = nvim_dap()
  if not dap then
    return
  end
  require("tangle").with_lens("Run section", function(_, what)
    dap.run({ type = "tangle", request = "launch", name = what[1], what = what[1], justMyCode = true })
  end)
end

return M
