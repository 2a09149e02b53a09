--- Questions that belong together, their answers, and the buffer that shows them.

local exchanges = require('firsthand.exchange')

local M = {}

---@class firsthand.Conversation
---@field id string
---@field title string
---@field root string
---@field buffer integer
---@field place? firsthand.PlaceParams The code that it is about.
---@field exchanges firsthand.Exchange[]
---@field stream? string The request that is at work.
---@field must_refold boolean The folds are others than those that windows show.
---@field private first_row integer Row in which the last exchange begins.
---@field private lists { [1]: integer, [2]: integer, is_folded: boolean }[]
---@field private targets table<integer, firsthand.Target>
local Conversation = {}
Conversation.__index = Conversation

local marks_space = vim.api.nvim_create_namespace('firsthand.marks')
local targets_space = vim.api.nvim_create_namespace('firsthand.targets')

---@type firsthand.Conversation[]
local all = {}
local count = 0

---@return integer
local function new_buffer()
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, ('firsthand://conversation/%d'):format(count))
  local options = { buftype = 'nofile', bufhidden = 'hide', swapfile = false, undolevels = -1, modeline = false }
  for name, value in pairs(options) do
    vim.bo[buffer][name] = value
  end
  vim.bo[buffer].modifiable = false
  return buffer
end

--- Begin a conversation in a buffer of its own.
---@param title string
---@param root string
---@param place? firsthand.PlaceParams
---@return firsthand.Conversation
function M.new(title, root, place)
  count = count + 1
  local conversation = setmetatable({
    id = ('neovim-%d-%d-%d'):format(vim.uv.os_getpid(), vim.uv.hrtime(), count),
    title = title,
    root = root,
    buffer = new_buffer(),
    place = place,
    exchanges = {},
    must_refold = false,
    first_row = 0,
    lists = {},
    targets = {},
  }, Conversation)
  all[#all + 1] = conversation
  return conversation
end

--- Return the conversations of this session whose buffers are still there, the newest last.
---@return firsthand.Conversation[]
function M.all()
  all = vim.tbl_filter(function(conversation)
    return vim.api.nvim_buf_is_valid(conversation.buffer)
  end, all)
  return all
end

--- Return the conversation that a buffer shows.
---@param buffer integer
---@return firsthand.Conversation?
function M.of_buffer(buffer)
  return vim.iter(M.all()):find(function(conversation)
    return conversation.buffer == buffer
  end)
end

--- Return the conversation of the current buffer, else the newest.
---@return firsthand.Conversation?
function M.current()
  return M.of_buffer(vim.api.nvim_get_current_buf()) or M.all()[#M.all()]
end

---@return firsthand.Exchange?
function Conversation:last()
  return self.exchanges[#self.exchanges]
end

--- Return what was said before, for the server.
---@return firsthand.Turn[]
function Conversation:turns()
  local turns = {} ---@type firsthand.Turn[]
  for _, exchange in ipairs(self.exchanges) do
    local answer = exchange.answer
    if answer and answer.model ~= '' then
      turns[#turns + 1] = { question = exchange.question, answer = answer.text }
    end
  end
  return turns
end

--- Add an exchange and show it.
---@param exchange firsthand.Exchange
function Conversation:add(exchange)
  local is_first = #self.exchanges == 0
  if not is_first then
    self:change(-1, -1, { '', '' })
  end
  self.first_row = is_first and 0 or vim.api.nvim_buf_line_count(self.buffer) - 1
  self.exchanges[#self.exchanges + 1] = exchange
  self.lists[#self.exchanges] = nil
  self:draw()
end

---@private
---@param first integer
---@param last integer
---@param lines string[]
function Conversation:change(first, last, lines)
  vim.bo[self.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(self.buffer, first, last, false, lines)
  vim.bo[self.buffer].modifiable = false
end

---@private
---@param mark firsthand.Mark
---@param row integer
function Conversation:mark(mark, row)
  local start, stop = mark.range.start, mark.range.stop
  local ending = { end_row = row + stop[1], end_col = stop[2], strict = false }
  if mark.group then
    local options = vim.tbl_extend('force', ending, { hl_group = mark.group })
    vim.api.nvim_buf_set_extmark(self.buffer, marks_space, row + start[1], start[2], options)
  end
  if mark.after then
    vim.api.nvim_buf_set_extmark(self.buffer, marks_space, row + stop[1], stop[2], {
      virt_text = { { mark.after, 'FirsthandCitation' } },
      virt_text_pos = 'inline',
      strict = false,
    })
  end
  if mark.target then
    local id = vim.api.nvim_buf_set_extmark(self.buffer, targets_space, row + start[1], start[2], ending)
    self.targets[id] = mark.target
  end
end

--- Show the last exchange as it is now; lines that stay the same are not touched, so that cursors and folds stay.
function Conversation:draw()
  if not vim.api.nvim_buf_is_valid(self.buffer) then
    return
  end
  local drawing = exchanges.draw(self:last() --[[@as firsthand.Exchange]])
  local old = vim.api.nvim_buf_get_lines(self.buffer, self.first_row, -1, false)
  local same = 0
  while same < math.min(#old, #drawing.lines) and old[same + 1] == drawing.lines[same + 1] do
    same = same + 1
  end
  vim.api.nvim_buf_clear_namespace(self.buffer, marks_space, self.first_row, -1)
  vim.api.nvim_buf_clear_namespace(self.buffer, targets_space, self.first_row, -1)
  if same < math.max(#old, #drawing.lines) then
    self:change(self.first_row + same, -1, vim.list_slice(drawing.lines, same + 1))
  end
  for _, mark in ipairs(drawing.marks) do
    self:mark(mark, self.first_row)
  end
  if drawing.list then
    local first, last = self.first_row + drawing.list[1] + 1, self.first_row + drawing.list[2] + 1
    self.lists[#self.exchanges] = { first, last, is_folded = self:last().text ~= '' }
  end
end

---@private
---@param text string
function Conversation:append(text)
  local exchange = self:last() --[[@as firsthand.Exchange]]
  local begins = exchange.text == ''
  exchange.text = exchange.text .. text
  local last = vim.api.nvim_buf_line_count(self.buffer) - 1
  local line = vim.api.nvim_buf_get_lines(self.buffer, last, last + 1, false)[1]
  vim.bo[self.buffer].modifiable = true
  vim.api.nvim_buf_set_text(self.buffer, last, #line, last, #line, vim.split(text, '\n', { plain = true }))
  vim.bo[self.buffer].modifiable = false
  local list = self.lists[#self.exchanges]
  if begins and list then
    list.is_folded = true
    self.must_refold = true
  end
end

--- Take the next event of the answer's stream.
---@param update firsthand.Update
function Conversation:heard(update)
  local exchange = self:last() --[[@as firsthand.Exchange]]
  if not vim.api.nvim_buf_is_valid(self.buffer) then
    return
  end
  if update.kind == 'stage' then
    exchange.stage = update.stage --[[@as string]]
  elseif update.kind == 'context' then
    -- A second context means that the text begins anew.
    exchange.hits, exchange.cut, exchange.budget = update.hits, update.cut, update.budget
    exchange.text, exchange.citations = '', {}
    self:draw()
  elseif update.kind == 'delta' then
    self:append(update.text --[[@as string]])
  elseif update.kind == 'citation' then
    exchanges.put_citation(exchange, update.citation --[[@as firsthand.Citation]])
    self:draw()
  elseif update.kind == 'warning' then
    table.insert(exchange.warnings, update.message)
    self:draw()
  end
end

--- Show the answer as the response tells it, which is the truth that the stream led up to.
---@param answer firsthand.Answer
function Conversation:finished(answer)
  local exchange = self:last() --[[@as firsthand.Exchange]]
  exchange.answer, exchange.state = answer, 'done'
  exchange.text, exchange.citations, exchange.warnings = answer.text, answer.citations, answer.warnings
  self:draw()
end

--- Show that no more comes.
---@param state 'stopped'|'failed'
---@param failure? string
function Conversation:ended(state, failure)
  local exchange = self:last() --[[@as firsthand.Exchange]]
  exchange.state, exchange.failure = state, failure
  self:draw()
end

--- Return the source that stands at a place of the buffer, the narrowest one if there are several.
---@param row integer From 0.
---@param column integer
---@return firsthand.Target?
function Conversation:target_at(row, column)
  local here = { row, column }
  local found =
    vim.api.nvim_buf_get_extmarks(self.buffer, targets_space, here, here, { overlap = true, details = true })
  table.sort(found, function(one, other)
    local function size(mark)
      return (mark[4].end_row - mark[2]) * 10000 + mark[4].end_col - mark[3]
    end
    return size(one) < size(other) or (size(one) == size(other) and one[1] < other[1])
  end)
  return found[1] and self.targets[found[1][1]]
end

--- Return the source that a mark such as `[2]` in the last text names.
---@param id integer
---@return firsthand.Target?
function Conversation:target_of_number(id)
  local exchange = self:last()
  local citation = exchange and vim.iter(exchange.citations):find(function(item)
    return item.id == id
  end)
  return citation and { uri = citation.uri, first = citation.startLine, last = citation.endLine, hash = citation.hash }
end

--- Return where the next or previous source stands; nil when there is none.
---@param row integer
---@param column integer
---@param step 1|-1
---@return { [1]: integer, [2]: integer }?
function Conversation:next_target(row, column, step)
  local marks = vim.api.nvim_buf_get_extmarks(self.buffer, targets_space, 0, -1, {})
  local places = vim.tbl_map(function(mark)
    return { mark[2], mark[3] }
  end, marks)
  local function is_beyond(place)
    local distance = place[1] == row and place[2] - column or place[1] - row
    return distance * step > 0
  end
  local beyond = vim.tbl_filter(is_beyond, places)
  return step == 1 and beyond[1] or step == -1 and beyond[#beyond] or nil
end

--- Return how deep a line is folded: the list of what was read, once there is an answer to read.
---@param line integer From 1.
---@return string
function Conversation:fold_of(line)
  for _, list in pairs(self.lists) do
    if list.is_folded and line >= list[1] and line <= list[2] then
      return line == list[1] and '>1' or '1'
    end
  end
  return '0'
end

return M
