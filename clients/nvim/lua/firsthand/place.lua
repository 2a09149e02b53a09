--- The code that a command is about: what is selected, else where the cursor stands.

local folder = require('firsthand.folder')

local M = {}

---@class (exact) firsthand.Place
---@field buffer integer
---@field range? { start: { [1]: integer, [2]: integer }, stop: { [1]: integer, [2]: integer } } Mark-like positions.
---@field cursor { [1]: integer, [2]: integer }

--- Return whether the lines of a command are those of the last visual selection, and that was by characters.
---@param first integer
---@param last integer
---@return boolean
local function is_by_characters(first, last)
  return vim.fn.visualmode() == 'v' and vim.fn.line("'<") == first and vim.fn.line("'>") == last
end

--- Return the place of a user command; nil when the buffer is not a file.
---@param invocation vim.api.keyset.create_user_command.command_args
---@return firsthand.Place?
function M.of(invocation)
  local buffer = vim.api.nvim_get_current_buf()
  if not folder.file_of(buffer) then
    return nil
  end
  local place = { buffer = buffer, cursor = vim.api.nvim_win_get_cursor(0) } ---@type firsthand.Place
  if invocation.range == 0 then
    return place
  end
  local first, last = invocation.line1, invocation.line2
  local ending = vim.fn.getline(last)
  place.range = { start = { first, 0 }, stop = { last, math.max(0, #ending - 1) } }
  if is_by_characters(first, last) then
    local start, stop = vim.api.nvim_buf_get_mark(buffer, '<'), vim.api.nvim_buf_get_mark(buffer, '>')
    place.range = { start = start, stop = { stop[1], math.min(stop[2], math.max(0, #ending - 1)) } }
  end
  return place
end

---@param place firsthand.Place
---@param row integer From 1.
---@param byte integer
---@param encoding string
---@return lsp.Position
local function position(place, row, byte, encoding)
  local line = vim.api.nvim_buf_get_lines(place.buffer, row - 1, row, false)[1] or ''
  local character = vim.str_utfindex(line, encoding --[[@as any]], math.min(byte, #line), false)
  return { line = row - 1, character = character }
end

--- Return the first byte behind the character that stands at a byte of a line.
---@param line string
---@param byte integer
---@return integer
local function behind(line, byte)
  if byte >= #line then
    return #line
  end
  return byte + vim.str_utf_end(line, byte + 1) + 1
end

--- Return the place as the wire tells it.
---@param place firsthand.Place
---@param encoding string
---@return firsthand.PlaceParams
function M.params(place, encoding)
  local params = { uri = vim.uri_from_bufnr(place.buffer) } ---@type firsthand.PlaceParams
  local range = place.range
  if not range then
    params.position = position(place, place.cursor[1], place.cursor[2], encoding)
    return params
  end
  local last = vim.api.nvim_buf_get_lines(place.buffer, range.stop[1] - 1, range.stop[1], false)[1] or ''
  params.range = {
    start = position(place, range.start[1], range.start[2], encoding),
    ['end'] = position(place, range.stop[1], behind(last, range.stop[2]), encoding),
  }
  return params
end

--- Return the selected text on one line; nil when nothing is selected.
---@param place firsthand.Place?
---@return string?
function M.text(place)
  local range = place and place.range
  if not place or not range then
    return nil
  end
  local last = vim.api.nvim_buf_get_lines(place.buffer, range.stop[1] - 1, range.stop[1], false)[1] or ''
  local stop = behind(last, range.stop[2])
  local lines = vim.api.nvim_buf_get_text(place.buffer, range.start[1] - 1, range.start[2], range.stop[1] - 1, stop, {})
  return vim.trim(table.concat(lines, ' '))
end

return M
