--- What the user does: each function is one subcommand of `:Firsthand`.

local clients = require('firsthand.clients')
local conversations = require('firsthand.conversation')
local exchanges = require('firsthand.exchange')
local messages = require('firsthand.messages')
local protocol = require('firsthand.protocol')
local requests = require('firsthand.requests')
local view = require('firsthand.view')

local M = {}

---@class (exact) firsthand.Question
---@field text? string Without it the user is asked.
---@field place? firsthand.PlaceParams The code that it is about.
---@field scope? firsthand.Scope

local STILL_ANSWERING = 'an answer is still being written; stop it with <C-c> or :Firsthand stop.'
local NO_CONVERSATION = 'there is no answer yet: :Firsthand ask gets one.'

--- Send a request and show its answer in a conversation.
---@param client vim.lsp.Client
---@param conversation firsthand.Conversation
---@param title string
---@param method string
---@param params firsthand.AskParams|firsthand.PlaceParams
---@param on_answer? fun(answer: firsthand.Answer)
local function show_request(client, conversation, title, method, params, on_answer)
  conversation:add(exchanges.new(title, client.offset_encoding))
  local window = view.show(conversation.buffer)
  vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(conversation.buffer), 0 })
  local function changed(change)
    view.following(conversation, change)
  end
  local function ended(change)
    conversation.stream = nil
    change()
    view.show_stage(conversation)
  end
  conversation.stream = requests.start(client, method, params, {
    update = function(update)
      changed(function()
        conversation:heard(update)
      end)
    end,
    finish = function(answer)
      ended(function()
        conversation:finished(answer)
      end)
      if on_answer then
        on_answer(answer)
      end
    end,
    fail = function(sentence)
      ended(function()
        conversation:ended('failed', sentence)
      end)
    end,
    stop = function()
      ended(function()
        conversation:ended('stopped')
      end)
    end,
  })
  view.show_stage(conversation)
end

--- Call back with a text, or with what the user types when there is none.
---@param text? string
---@param prompt string
---@param callback fun(text: string)
local function with_text(text, prompt, callback)
  if text and text ~= '' then
    callback(text)
    return
  end
  vim.ui.input({ prompt = prompt }, function(typed)
    if typed and vim.trim(typed) ~= '' then
      callback(vim.trim(typed))
    end
  end)
end

---@param client vim.lsp.Client
---@param conversation firsthand.Conversation
---@param text string
---@param scope? firsthand.Scope
local function ask_in(client, conversation, text, scope)
  local place = conversation.place
  local turns = conversation:turns()
  show_request(client, conversation, text, protocol.ASK, {
    question = text,
    conversationId = conversation.id,
    uri = place and place.uri,
    range = place and place.range,
    scope = require('firsthand.scope').for_root(scope, client.root_dir),
    turns = #turns > 0 and turns or nil,
  })
end

--- Return the current file as a place without a range; nil when the buffer is no file.
---@return firsthand.PlaceParams?
local function current_file()
  local buffer = vim.api.nvim_get_current_buf()
  return require('firsthand.folder').file_of(buffer) and { uri = vim.uri_from_bufnr(buffer) } or nil
end

--- Ask a question in a new conversation.
---@param question firsthand.Question
function M.ask(question)
  local place = question.place or current_file()
  clients.with_client(function(client)
    local prompt = place and place.range and 'Ask about this: ' or 'Ask: '
    with_text(question.text, prompt, function(text)
      ask_in(client, conversations.new(text, client.root_dir or '', place), text, question.scope)
    end)
  end)
end

--- Ask on in the conversation that is shown, or the newest one, or begin one.
---@param question? firsthand.Question
function M.chat(question)
  question = question or {}
  local conversation = conversations.current()
  if not conversation then
    M.ask(question)
    return
  end
  if requests.is_running(conversation.stream) then
    messages.info(STILL_ANSWERING)
    return
  end
  conversation.place = question.place or conversation.place
  clients.with_client(function(client)
    view.show(conversation.buffer)
    view.show_stage(conversation)
    with_text(question.text, 'Ask on: ', function(text)
      ask_in(client, conversation, text, question.scope)
    end)
  end, conversation.root)
end

--- Return what stands before a place, for a title.
---@param place firsthand.PlaceParams
---@return string
local function name_of(place)
  local start = place.range and place.range.start or place.position
  return ('%s:%d'):format(vim.fs.basename(vim.uri_to_fname(place.uri)), (start and start.line or 0) + 1)
end

--- Explain the code at a place.
---@param place firsthand.PlaceParams
function M.explain(place)
  clients.with_client(function(client)
    local title = 'Explain ' .. name_of(place)
    local about = { uri = place.uri, range = place.range }
    local conversation = conversations.new(title, client.root_dir or '', about)
    show_request(client, conversation, title, protocol.EXPLAIN, place)
  end)
end

--- Write a test for the code at a place; it is shown as a diff, to be applied or not.
---@param place firsthand.PlaceParams
function M.test(place)
  clients.with_client(function(client)
    local title = 'Test for ' .. name_of(place)
    local about = { uri = place.uri, range = place.range }
    local conversation = conversations.new(title, client.root_dir or '', about)
    show_request(client, conversation, title, protocol.GENERATE_TEST, place, function(answer)
      if answer.edit then
        require('firsthand.edit_preview').show(answer.edit, client.offset_encoding)
      end
    end)
  end)
end

--- Stop the commands at work in the servers, and say so when there was nothing to stop at all.
---@param stopped integer How much was stopped before.
local function stop_commands(stopped)
  local asked = vim.tbl_filter(function(client)
    return client.initialized == true
  end, clients.all())
  local open = #asked
  for _, client in ipairs(asked) do
    local command = { title = 'Stop', command = protocol.CANCEL_COMMAND, arguments = { vim.empty_dict() } }
    client:exec_cmd(command, nil, function(_, result)
      stopped, open = stopped + (result and result.cancelled or 0), open - 1
      if open == 0 and stopped == 0 then
        messages.info('there is nothing to stop.')
      end
    end)
  end
end

--- Stop the answer that is shown; else everything that is at work.
function M.stop()
  local conversation = conversations.of_buffer(vim.api.nvim_get_current_buf())
  if conversation and requests.is_running(conversation.stream) then
    requests.stop(conversation.stream --[[@as string]])
  else
    stop_commands(requests.stop_all())
  end
end

--- Put the sources of the newest answer of the conversation into the quickfix list.
function M.sources()
  local conversation = conversations.current()
  local exchange = conversation and conversation:last()
  if not exchange then
    messages.info(NO_CONVERSATION)
    return
  end
  local sources = #exchange.citations > 0 and exchange.citations or exchange.hits
  require('firsthand.places_list').quickfix(
    exchange.question,
    vim.tbl_map(function(item)
      return { uri = item.uri, first = item.startLine, last = item.endLine, text = item.symbol or '' }
    end, sources)
  )
end

--- Show the last conversation again.
function M.open()
  local conversation = conversations.current()
  if not conversation then
    messages.info(NO_CONVERSATION)
    return
  end
  view.show(conversation.buffer)
  view.show_stage(conversation)
end

--- Choose one of this session's conversations.
function M.history()
  local all = vim.iter(conversations.all()):rev():totable()
  if #all == 0 then
    messages.info(NO_CONVERSATION)
    return
  end
  vim.ui.select(all, {
    prompt = 'Conversation: ',
    kind = 'firsthand.conversation',
    format_item = function(conversation)
      return require('firsthand.visible').one_line(conversation.title)
    end,
  }, function(conversation)
    if conversation then
      view.show(conversation.buffer)
      view.show_stage(conversation)
    end
  end)
end

return M
