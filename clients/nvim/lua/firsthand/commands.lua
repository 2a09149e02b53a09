--- `:Firsthand`, its subcommands and their completion.

local messages = require('firsthand.messages')

local M = {}

---@class (exact) firsthand.Subcommand
---@field help string
---@field run fun(text: string, invocation: vim.api.keyset.create_user_command.command_args)
---@field complete? fun(lead: string): string[]

local NO_CODE = 'go to the code that is meant, then run it again; here is no file.'

---@param lead string
---@return string[]
local function complete_scope(lead)
  return require('firsthand.scope').complete(lead)
end

--- Return the place that is meant, as the wire tells it; nil, after saying so, when there is none.
---@param invocation vim.api.keyset.create_user_command.command_args
---@param callback fun(place: firsthand.PlaceParams)
local function with_place(invocation, callback)
  local places = require('firsthand.place')
  local place = places.of(invocation)
  if not place then
    messages.warn(NO_CODE)
    return
  end
  require('firsthand.clients').with_client(function(client)
    callback(places.params(place, client.offset_encoding))
  end)
end

---@param action 'ask'|'chat'
---@return fun(text: string, invocation: vim.api.keyset.create_user_command.command_args)
local function question(action)
  return function(text, invocation)
    local scope, rest, problem = require('firsthand.scope').split(text)
    if problem then
      messages.warn(problem)
      return
    end
    local asked = { text = rest, scope = scope } ---@type firsthand.Question
    if invocation.range == 0 then
      require('firsthand.actions')[action](asked)
      return
    end
    with_place(invocation, function(place)
      asked.place = { uri = place.uri, range = place.range }
      require('firsthand.actions')[action](asked)
    end)
  end
end

---@param module string
---@param name string
---@return fun(text: string, invocation: vim.api.keyset.create_user_command.command_args)
local function at_place(module, name)
  return function(_, invocation)
    with_place(invocation, function(place)
      require('firsthand.' .. module)[name](place)
    end)
  end
end

---@param module string
---@param name string
---@return fun(text: string)
local function plain(module, name)
  return function(text)
    require('firsthand.' .. module)[name](text)
  end
end

---@param text string
---@param invocation vim.api.keyset.create_user_command.command_args
local function search(text, invocation)
  local scope, rest, problem = require('firsthand.scope').split(text)
  if problem then
    messages.warn(problem)
    return
  end
  local function run(query)
    if query and vim.trim(query) ~= '' then
      require('firsthand.search').run(vim.trim(query), scope, invocation.bang)
    end
  end
  local places = require('firsthand.place')
  local query = rest ~= '' and rest or places.text(invocation.range > 0 and places.of(invocation) or nil)
  if query then
    run(query)
  else
    vim.ui.input({ prompt = 'Search: ', default = vim.fn.expand('<cword>') }, run)
  end
end

local function open_log()
  local path = vim.lsp.log.get_filename()
  vim.cmd.tabedit({ args = { path }, magic = { file = false, bar = false } })
  vim.cmd('normal! G')
end

---@type table<string, firsthand.Subcommand>
local subcommands = {
  ask = { help = 'ask a question', run = question('ask'), complete = complete_scope },
  chat = { help = 'ask on in the same conversation', run = question('chat'), complete = complete_scope },
  explain = { help = 'explain the code here', run = at_place('actions', 'explain') },
  test = { help = 'write a test for the code here', run = at_place('actions', 'test') },
  document = { help = 'document the code here', run = at_place('server_commands', 'document') },
  search = { help = 'find places', run = search, complete = complete_scope },
  sources = { help = 'put the sources into the quickfix list', run = plain('actions', 'sources') },
  context = { help = 'show what went into the prompt', run = plain('context', 'show') },
  open = { help = 'show the last answer again', run = plain('actions', 'open') },
  history = { help = 'choose an earlier conversation', run = plain('actions', 'history') },
  stop = { help = 'stop the model', run = plain('actions', 'stop') },
  status = { help = 'say how things are', run = plain('status', 'show') },
  reindex = { help = 'bring the index up to date', run = plain('server_commands', 'reindex') },
  pause = { help = 'pause indexing', run = plain('server_commands', 'pause') },
  resume = { help = 'resume indexing', run = plain('server_commands', 'resume') },
  pull = {
    help = 'have Ollama pull a model',
    run = plain('server_commands', 'pull'),
    complete = function(lead)
      return vim.tbl_filter(function(model)
        return vim.startswith(model, lead)
      end, require('firsthand.status').offers())
    end,
  },
  restart = { help = 'restart the server', run = plain('restarting', 'restart') },
  install = { help = 'install the server', run = plain('install', 'run') },
  log = { help = 'open the log', run = open_log },
}

---@return string[]
function M.names()
  return vim.fn.sort(vim.tbl_keys(subcommands))
end

--- Run `:Firsthand`; without a subcommand it asks.
---@param invocation vim.api.keyset.create_user_command.command_args
function M.run(invocation)
  local name, text = invocation.args:match('^(%S*)%s*(.*)$')
  local subcommand = subcommands[name == '' and 'ask' or name]
  if not subcommand then
    messages.error(('"%s" is no subcommand; there are %s.'):format(name, table.concat(M.names(), ', ')))
    return
  end
  subcommand.run(vim.trim(text), invocation)
end

--- Complete the command line.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local name = line:match('Firsthand!?%s+(%S+)%s')
  if not name then
    return vim.tbl_filter(function(known)
      return vim.startswith(known, lead)
    end, M.names())
  end
  local subcommand = subcommands[name]
  return subcommand and subcommand.complete and subcommand.complete(lead) or {}
end

return M
