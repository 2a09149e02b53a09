--- `:Firsthand context`: everything that went into the prompt of an answer, and what was cut.

local clients = require('firsthand.clients')
local conversations = require('firsthand.conversation')
local messages = require('firsthand.messages')
local protocol = require('firsthand.protocol')
local visible = require('firsthand.visible')

local M = {}

---@param lines firsthand.ReportLine[]
---@param text string
---@param group? string
---@param target? firsthand.Target
local function add(lines, text, group, target)
  lines[#lines + 1] = { text = text, group = group, target = target }
end

---@param budget firsthand.Budget
---@return string
local function budget_line(budget)
  return ('Window %d tokens: instructions %d, history %d, excerpts %d, question %d, kept for the answer %d'):format(
    budget.contextTokens,
    budget.instructions,
    budget.history,
    budget.excerpts,
    budget.question,
    budget.answerTokens
  )
end

---@param context firsthand.Context
---@return firsthand.ReportLine[]
local function lines_of(context)
  local lines = {} ---@type firsthand.ReportLine[]
  add(lines, budget_line(context.budget), 'FirsthandHeading')
  add(lines, '')
  for _, item in ipairs(context.excerpts) do
    local target = { uri = item.uri, first = item.startLine, last = item.endLine, hash = item.hash }
    local place = visible.place(item.path, item.startLine, item.endLine)
    local reasons = visible.one_line(table.concat(item.reasons, ', '))
    add(lines, ('- %s  %d tokens · %s'):format(place, item.tokens, reasons), 'FirsthandSource', target)
  end
  for _, item in ipairs(context.cut) do
    local target = { uri = item.uri, first = item.startLine, last = item.endLine }
    local place = visible.place(item.path, item.startLine, item.endLine)
    add(lines, ('- %s  cut: %s'):format(place, visible.one_line(item.reason)), 'FirsthandCut', target)
  end
  for _, message in ipairs(context.messages) do
    add(lines, '')
    add(lines, ('# %s · %d tokens'):format(visible.one_line(message.role), message.tokens), 'FirsthandHeading')
    add(lines, '')
    for _, line in ipairs(vim.split(message.content, '\n', { plain = true })) do
      add(lines, line)
    end
  end
  return lines
end

--- Show the context of the newest finished answer of the conversation.
function M.show()
  local conversation = conversations.current()
  local answered = vim.iter(conversation and conversation.exchanges or {}):rev():find(function(exchange)
    return exchange.answer ~= nil
  end)
  if not conversation or not answered then
    messages.info('there is no finished answer yet: :Firsthand ask gets one.')
    return
  end
  clients.with_client(function(client)
    client:request(protocol.CONTEXT, { answerId = answered.answer.answerId }, function(failure, context)
      if failure then
        messages.error(failure.message)
      else
        require('firsthand.report').show('context', lines_of(context))
      end
    end)
  end, conversation.root)
end

return M
