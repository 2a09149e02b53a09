--- One question and its answer as lines of a buffer, with what is to be marked in them. Nothing here touches a buffer.

local spans = require('firsthand.spans')
local visible = require('firsthand.visible')

local M = {}

---@class (exact) firsthand.Exchange
---@field question string
---@field encoding string
---@field state 'running'|'done'|'stopped'|'failed'
---@field stage string
---@field hits firsthand.Excerpt[]
---@field cut firsthand.Cut[]
---@field budget? firsthand.Budget
---@field text string
---@field citations firsthand.Citation[]
---@field warnings string[]
---@field answer? firsthand.Answer
---@field failure? string

---@class (exact) firsthand.Target
---@field uri string
---@field first integer From 1.
---@field last integer
---@field hash? string SHA-256 of these lines as they were read.

---@class (exact) firsthand.Mark
---@field range firsthand.TextRange
---@field group? string
---@field after? string Text shown behind the range.
---@field target? firsthand.Target

---@class (exact) firsthand.Drawing
---@field lines string[]
---@field marks firsthand.Mark[]
---@field list? { [1]: integer, [2]: integer } First and last row of the list of what was read.

--- Return an exchange that nothing was heard of yet.
---@param question string
---@param encoding string
---@return firsthand.Exchange
function M.new(question, encoding)
  return {
    question = question,
    encoding = encoding,
    state = 'running',
    stage = 'starting',
    hits = {},
    cut = {},
    text = '',
    citations = {},
    warnings = {},
  }
end

--- Take a citation of the stream; a later one with the same number knows more.
---@param exchange firsthand.Exchange
---@param citation firsthand.Citation
function M.put_citation(exchange, citation)
  for index, known in ipairs(exchange.citations) do
    if known.id == citation.id then
      exchange.citations[index] = citation
      return
    end
  end
  table.insert(exchange.citations, citation)
end

---@param drawing firsthand.Drawing
---@param line string
---@param group? string
---@param target? firsthand.Target
local function add(drawing, line, group, target)
  drawing.lines[#drawing.lines + 1] = line
  if group or target then
    local row = #drawing.lines - 1
    table.insert(drawing.marks, {
      range = { start = { row, 0 }, stop = { row, #line } },
      group = group,
      target = target,
    })
  end
end

---@param item firsthand.Excerpt|firsthand.Cut|firsthand.Citation
---@return firsthand.Target
local function target_of(item)
  return { uri = item.uri, first = item.startLine, last = item.endLine, hash = item.hash }
end

---@param exchange firsthand.Exchange
---@return string
local function list_title(exchange)
  local parts = { ('Read %d %s'):format(#exchange.hits, #exchange.hits == 1 and 'excerpt' or 'excerpts') }
  if #exchange.cut > 0 then
    parts[#parts + 1] = ('%d cut'):format(#exchange.cut)
  end
  local budget = exchange.budget
  if budget and budget.contextTokens > 0 then
    local used = budget.instructions + budget.history + budget.excerpts + budget.question
    parts[#parts + 1] = ('%d of %d tokens'):format(used, budget.contextTokens)
  end
  return table.concat(parts, ' · ')
end

---@param drawing firsthand.Drawing
---@param exchange firsthand.Exchange
local function add_list(drawing, exchange)
  if #exchange.hits + #exchange.cut == 0 then
    return
  end
  local first = #drawing.lines
  add(drawing, list_title(exchange), 'FirsthandHeading')
  for _, hit in ipairs(exchange.hits) do
    local place = visible.place(hit.path, hit.startLine, hit.endLine)
    local details = ('%.2f · %s'):format(hit.score, table.concat(hit.reasons, ', '))
    local symbol = hit.symbol ~= '' and hit.symbol .. ' · ' or ''
    add(drawing, ('- %s  %s'):format(place, visible.one_line(symbol .. details)), 'FirsthandSource', target_of(hit))
  end
  for _, cut in ipairs(exchange.cut) do
    local place = visible.place(cut.path, cut.startLine, cut.endLine)
    local reason = visible.one_line(cut.reason)
    add(drawing, ('- %s  cut: %s'):format(place, reason), 'FirsthandCut', target_of(cut))
  end
  drawing.list = { first, #drawing.lines - 1 }
  add(drawing, '')
end

---@param drawing firsthand.Drawing
---@param citations firsthand.Citation[]
---@param convert fun(span: firsthand.TextSpan): firsthand.TextRange
local function mark_citations(drawing, citations, convert)
  for _, citation in ipairs(citations) do
    for _, span in ipairs(citation.spans) do
      table.insert(drawing.marks, {
        range = convert(span),
        after = ('[%d]'):format(citation.id),
        target = target_of(citation),
      })
    end
  end
end

---@param drawing firsthand.Drawing
---@param found firsthand.TextSpan[]
---@param group string
---@param convert fun(span: firsthand.TextSpan): firsthand.TextRange
local function mark_spans(drawing, found, group, convert)
  for _, span in ipairs(found) do
    table.insert(drawing.marks, { range = convert(span), group = group })
  end
end

--- Return a converter for spans of the text whose first line is in a row of the drawing.
---@param exchange firsthand.Exchange
---@param row integer
---@return fun(span: firsthand.TextSpan): firsthand.TextRange
local function text_converter(exchange, row)
  local convert = spans.converter(exchange.text, exchange.encoding)
  return function(span)
    local range = convert(span)
    range.start[1], range.stop[1] = range.start[1] + row, range.stop[1] + row
    return range
  end
end

---@param drawing firsthand.Drawing
---@param exchange firsthand.Exchange
local function add_text(drawing, exchange)
  local convert = text_converter(exchange, #drawing.lines)
  vim.list_extend(drawing.lines, vim.split(exchange.text, '\n', { plain = true }))
  mark_citations(drawing, exchange.citations, convert)
  if exchange.answer then
    mark_spans(drawing, exchange.answer.unsupported, 'FirsthandUnsupported', convert)
    for _, item in ipairs(exchange.answer.ungrounded) do
      mark_spans(drawing, item.spans, 'FirsthandUngrounded', convert)
    end
  end
end

---@param drawing firsthand.Drawing
---@param citations firsthand.Citation[]
local function add_sources(drawing, citations)
  if #citations == 0 then
    return
  end
  add(drawing, '')
  add(drawing, 'Sources', 'FirsthandHeading')
  for _, citation in ipairs(citations) do
    local place = visible.place(citation.path, citation.startLine, citation.endLine)
    add(drawing, ('[%d] %s'):format(citation.id, place), 'FirsthandSource', target_of(citation))
  end
end

---@param drawing firsthand.Drawing
---@param answer firsthand.Answer
local function add_doubts(drawing, answer)
  local unsupported = #answer.unsupported
  if unsupported > 0 then
    local parts = unsupported == 1 and 'the underlined part' or ('%d underlined parts'):format(unsupported)
    add(drawing, '')
    add(drawing, ('No source found for %s of this answer'):format(parts), 'FirsthandDoubt')
  end
  if #answer.ungrounded > 0 then
    add(drawing, '')
    add(drawing, 'Not in this workspace', 'FirsthandDoubt')
    for _, item in ipairs(answer.ungrounded) do
      local nearest = #item.nearest > 0 and (' (nearest: %s)'):format(table.concat(item.nearest, ', ')) or ''
      add(drawing, '? ' .. visible.one_line(item.name .. nearest), 'FirsthandDoubt')
    end
  end
end

---@type table<string, string>
local ENDINGS = {
  stopped = 'Stopped.',
  incomplete = 'The answer is incomplete.',
  noModel = 'No chat model answered: see :Firsthand status, or :Firsthand pull.',
}

---@param exchange firsthand.Exchange
---@return string?
local function ending(exchange)
  if exchange.state == 'failed' then
    return visible.one_line(exchange.failure or '')
  end
  return ENDINGS[exchange.answer and exchange.answer.status or exchange.state]
end

---@param answer firsthand.Answer
---@return string
local function signature(answer)
  local milliseconds = vim.iter(answer.timings):fold(0, function(sum, _, value)
    return sum + value
  end)
  return ('%s · %.1f s'):format(visible.one_line(answer.model), milliseconds / 1000)
end

--- Return everything that is to be shown of an exchange.
---@param exchange firsthand.Exchange
---@return firsthand.Drawing
function M.draw(exchange)
  local drawing = { lines = {}, marks = {} } ---@type firsthand.Drawing
  add(drawing, '# ' .. visible.one_line(exchange.question), 'FirsthandQuestion')
  add(drawing, '')
  add_list(drawing, exchange)
  for _, warning in ipairs(exchange.warnings) do
    add(drawing, '! ' .. visible.one_line(warning), 'FirsthandDoubt')
    add(drawing, '')
  end
  add_text(drawing, exchange)
  local answer = exchange.answer
  if answer then
    add_sources(drawing, answer.citations)
    add_doubts(drawing, answer)
  end
  local last = ending(exchange)
  if last then
    add(drawing, '')
    add(drawing, last, exchange.state == 'failed' and 'FirsthandFailure' or 'FirsthandDoubt')
  end
  if answer and answer.model ~= '' then
    add(drawing, '')
    add(drawing, signature(answer), 'FirsthandSignature')
  end
  return drawing
end

return M
