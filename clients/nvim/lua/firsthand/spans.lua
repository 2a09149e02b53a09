--- Places in an answer's text: the wire counts units of the negotiated encoding over the whole text, a buffer counts
--- lines and bytes.

local M = {}

---@class (exact) firsthand.TextRange
---@field start { [1]: integer, [2]: integer } Row and byte, both from 0.
---@field stop { [1]: integer, [2]: integer } The end, excluded.

---@param text string
---@return integer[]
local function line_starts(text)
  local starts = { 0 }
  for at in text:gmatch('()\n') do
    starts[#starts + 1] = at --[[@as integer]]
  end
  return starts
end

---@param starts integer[]
---@param byte integer
---@return { [1]: integer, [2]: integer }
local function row_and_byte(starts, byte)
  local low, high = 1, #starts
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if starts[middle] <= byte then
      low = middle
    else
      high = middle - 1
    end
  end
  return { low - 1, byte - starts[low] }
end

--- Return a function that turns spans of a text into rows and bytes; what lies outside is moved to its end.
---@param text string
---@param encoding string
---@return fun(span: firsthand.TextSpan): firsthand.TextRange
function M.converter(text, encoding)
  local starts = line_starts(text)
  local function place(offset)
    local byte = encoding == 'utf-8' and offset or vim.str_byteindex(text, encoding --[[@as any]], offset, false)
    return row_and_byte(starts, math.min(byte, #text))
  end
  return function(span)
    return { start = place(span.start), stop = place(span['end']) }
  end
end

return M
