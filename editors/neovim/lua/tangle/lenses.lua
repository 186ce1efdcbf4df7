-- Choose among the lenses of a page.

local M = {}

--- What to report where there is no lens with a title.
M.nothing = {
  ["Run"] = "no block with code begins at the cursor or above it",
  ["Run above"] = "there is no block with code above the one at the cursor",
  ["Run section"] = "no section with code begins at the cursor or above it",
}

-- "Run section 3.6" is a "Run section".
local function has_title(lens, title)
  local own = lens.command and lens.command.title or ""
  return own == title or vim.startswith(own, title .. " ") and title == "Run section"
end

local function last(lenses, title, line)
  local found
  for _, lens in ipairs(lenses) do
    local start = lens.range.start.line
    if has_title(lens, title) and start <= line and (not found or start >= found.range.start.line) then
      found = lens
    end
  end
  return found
end

--- Return the lens with a title that belongs to the block at a line (from 0), or nil.
function M.at(lenses, title, line)
  if title ~= "Run above" then
    return last(lenses, title, line)
  end
  local block, above = last(lenses, "Run", line), last(lenses, "Run above", line)
  local same = block and above and block.range.start.line == above.range.start.line
  return same and above or nil
end

--- Return the arguments that run all sections of a page.
function M.sections(lenses)
  local what = {}
  for _, lens in ipairs(lenses) do
    if has_title(lens, "Run section") then
      vim.list_extend(what, lens.command.arguments)
    end
  end
  return what
end

return M
