--- The keys of the window for answers and reports. They exist in its buffers only.

local M = {}

---@type { keys: string[], run: string, help: string }[]
local KEYS = {
  { keys = { '<CR>', 'gf' }, run = 'open', help = 'open the source under the cursor' },
  { keys = { ']]' }, run = 'next', help = 'go to the next source' },
  { keys = { '[[' }, run = 'previous', help = 'go to the previous source' },
  { keys = { 'i', 'a' }, run = 'follow_up', help = 'ask on in this conversation' },
  { keys = { '<C-c>' }, run = 'stop', help = 'stop the model' },
  { keys = { '<C-q>' }, run = 'quickfix', help = 'put the sources into the quickfix list' },
  { keys = { 'q' }, run = 'close', help = 'close the window; :Firsthand open shows it again' },
  { keys = { 'g?' }, run = 'help', help = 'show these keys' },
}

--- Map the keys in a buffer.
---@param buffer integer
function M.map(buffer)
  for _, key in ipairs(KEYS) do
    for _, name in ipairs(key.keys) do
      vim.keymap.set('n', name, function()
        require('firsthand.view_keys')[key.run]()
      end, { buffer = buffer, nowait = true, silent = true, desc = 'Firsthand: ' .. key.help })
    end
  end
end

---@return firsthand.Conversation?
local function here()
  return require('firsthand.conversation').of_buffer(vim.api.nvim_get_current_buf())
end

--- Return the source under the cursor.
---@return firsthand.Target?
local function target()
  local row, column = vim.api.nvim_win_get_cursor(0)[1] - 1, vim.api.nvim_win_get_cursor(0)[2]
  local conversation = here()
  if not conversation then
    return require('firsthand.report').target_at(vim.api.nvim_get_current_buf(), row)
  end
  local found = conversation:target_at(row, column)
  if found then
    return found
  end
  local word = vim.fn.expand('<cWORD>')
  local number = tonumber(word:match('%[(%d+)%]'))
  return number and conversation:target_of_number(number)
end

function M.open()
  local found = target()
  if not found then
    require('firsthand.messages').info('there is no source under the cursor.')
    return
  end
  local window = vim.api.nvim_get_current_win()
  local is_float = vim.api.nvim_win_get_config(window).relative ~= ''
  if require('firsthand.jump').to(found) and is_float then
    vim.api.nvim_win_close(window, true)
  end
end

---@param step 1|-1
local function go(step)
  local conversation = here()
  local cursor = vim.api.nvim_win_get_cursor(0)
  local place = conversation and conversation:next_target(cursor[1] - 1, cursor[2], step)
  if place then
    vim.api.nvim_win_set_cursor(0, { place[1] + 1, place[2] })
    vim.cmd('normal! zv')
  end
end

function M.next()
  go(1)
end

function M.previous()
  go(-1)
end

function M.follow_up()
  require('firsthand.actions').chat()
end

function M.stop()
  require('firsthand.actions').stop()
end

function M.quickfix()
  require('firsthand.actions').sources()
end

function M.close()
  require('firsthand.view').close()
end

function M.help()
  local lines = vim.tbl_map(function(key)
    return ('%-9s %s'):format(table.concat(key.keys, ' '), key.help)
  end, KEYS)
  vim.api.nvim_echo({ { table.concat(lines, '\n') } }, false, {})
end

return M
