--- Edits that the server proposes: shown as a diff in a tab page, applied only when the user says so, and only to the
--- text that they were made for.

local messages = require('firsthand.messages')
local visible = require('firsthand.visible')

local M = {}

---@class (exact) firsthand.FileChange
---@field uri string
---@field edits lsp.TextEdit[]
---@field creates boolean
---@field buffer integer
---@field tick integer The buffer's changedtick when the diff was made.

---@class firsthand.Preview
---@field edit lsp.WorkspaceEdit
---@field encoding string
---@field changes firsthand.FileChange[]
---@field tabs integer[]
---@field is_decided boolean
---@field on_decision fun(applied: boolean, reason?: string)

local CHANGED = '%s changed after this edit was made for it; ask again.'
local EXISTS = '%s is there by now, so it is not created; ask again.'
local UNKNOWN = 'an edit that does more than change and create files is not applied.'
local DISCARDED = 'you discarded it'

---@param uri string
---@return string
local function name_of(uri)
  return visible.one_line(vim.fn.fnamemodify(vim.uri_to_fname(uri), ':~:.'))
end

---@param uri string
---@return boolean
local function is_there(uri)
  return vim.uv.fs_stat(vim.uri_to_fname(uri)) ~= nil
end

--- Return the files that an edit changes, or a sentence why it cannot be applied.
---@param edit lsp.WorkspaceEdit
---@return firsthand.FileChange[]
---@return string? problem
local function changes_of(edit)
  local created = {} ---@type table<string, true>
  local changes = {} ---@type firsthand.FileChange[]
  for uri, edits in vim.spairs(edit.changes or {}) do
    changes[#changes + 1] = { uri = uri, edits = edits, creates = false, buffer = -1, tick = 0 }
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind == 'create' then
      created[change.uri] = true
    elseif change.kind then
      return {}, UNKNOWN
    else
      local document = change.textDocument
      local buffer = vim.uri_to_bufnr(document.uri)
      if type(document.version) == 'number' and vim.lsp.util.buf_versions[buffer] > document.version then
        return {}, CHANGED:format(name_of(document.uri))
      end
      local creates = created[document.uri] == true
      changes[#changes + 1] = { uri = document.uri, edits = change.edits, creates = creates, buffer = -1, tick = 0 }
    end
  end
  return changes
end

--- Load the text that a change is for.
---@param change firsthand.FileChange
local function load(change)
  change.buffer = vim.uri_to_bufnr(change.uri)
  if not change.creates then
    vim.fn.bufload(change.buffer)
  end
  change.tick = vim.api.nvim_buf_get_changedtick(change.buffer)
end

---@param change firsthand.FileChange
---@return string? problem
local function staleness(change)
  local is_loaded = vim.api.nvim_buf_is_loaded(change.buffer)
  if change.creates and is_there(change.uri) then
    return EXISTS:format(name_of(change.uri))
  end
  if not change.creates and (not is_loaded or vim.api.nvim_buf_get_changedtick(change.buffer) ~= change.tick) then
    return CHANGED:format(name_of(change.uri))
  end
end

---@param lines string[]
---@param path string
---@return integer
local function scratch(lines, path)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].modeline = false
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  local language = vim.filetype.match({ filename = path, buf = buffer })
  if language and not pcall(vim.treesitter.start, buffer, vim.treesitter.language.get_lang(language)) then
    vim.bo[buffer].syntax = language
  end
  return buffer
end

---@param window integer
---@param title string
local function dress(window, title)
  vim.api.nvim_win_call(window, function()
    vim.cmd.diffthis()
  end)
  vim.api.nvim_set_option_value('winbar', visible.in_statusline(title), { scope = 'local', win = window })
  local buffer = vim.api.nvim_win_get_buf(window)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].bufhidden = 'wipe'
end

---@param preview firsthand.Preview
local function close(preview)
  for _, tab in ipairs(preview.tabs) do
    if vim.api.nvim_tabpage_is_valid(tab) then
      for _, window in ipairs(vim.api.nvim_tabpage_list_wins(tab)) do
        pcall(vim.api.nvim_win_close, window, true)
      end
    end
  end
end

---@param preview firsthand.Preview
---@param reason string
local function discard(preview, reason)
  if preview.is_decided then
    return
  end
  preview.is_decided = true
  close(preview)
  preview.on_decision(false, reason)
end

--- Go to the first change, where the user can look at it, undo it or write it.
---@param preview firsthand.Preview
local function go_to_change(preview)
  local change = preview.changes[1]
  local window = require('firsthand.jump').window_for_files()
  vim.api.nvim_set_current_win(window)
  vim.bo[change.buffer].buflisted = true
  vim.api.nvim_win_set_buf(window, change.buffer)
  local first = change.edits[1] and change.edits[1].range.start.line + 1 or 1
  vim.api.nvim_win_set_cursor(window, { math.min(first, vim.api.nvim_buf_line_count(change.buffer)), 0 })
end

---@param preview firsthand.Preview
local function apply(preview)
  if preview.is_decided then
    return
  end
  for _, change in ipairs(preview.changes) do
    local problem = staleness(change)
    if problem then
      messages.info(problem)
      discard(preview, problem)
      return
    end
  end
  preview.is_decided = true
  close(preview)
  vim.lsp.util.apply_workspace_edit(preview.edit, preview.encoding)
  go_to_change(preview)
  preview.on_decision(true)
end

---@param preview firsthand.Preview
---@param buffer integer
local function map(preview, buffer)
  local function key(name, run, description)
    vim.keymap.set('n', name, run, { buffer = buffer, nowait = true, silent = true, desc = description })
  end
  key('<CR>', function()
    apply(preview)
  end, 'Firsthand: apply this edit')
  key('q', function()
    discard(preview, DISCARDED)
  end, 'Firsthand: discard this edit')
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer,
    once = true,
    callback = function()
      vim.schedule(function()
        discard(preview, DISCARDED)
      end)
    end,
  })
end

---@param preview firsthand.Preview
---@param change firsthand.FileChange
local function open_tab(preview, change)
  local path = vim.uri_to_fname(change.uri)
  local old = change.creates and {} or vim.api.nvim_buf_get_lines(change.buffer, 0, -1, false)
  local before, after = scratch(old, path), scratch(old, path)
  vim.lsp.util.apply_text_edits(change.edits, after, preview.encoding)
  vim.bo[after].buflisted = false
  vim.cmd(('tab sbuffer %d'):format(before))
  table.insert(preview.tabs, vim.api.nvim_get_current_tabpage())
  local left = vim.api.nvim_get_current_win()
  local right = vim.api.nvim_open_win(after, true, { split = 'right', win = left })
  local name = name_of(change.uri)
  dress(left, change.creates and 'Not there yet' or 'Now: ' .. name)
  dress(right, ('Proposed: %s   <CR> apply · q discard'):format(name))
  map(preview, before)
  map(preview, after)
  local line = change.edits[1] and change.edits[1].range.start.line + 1 or 1
  vim.api.nvim_win_set_cursor(right, { math.min(line, vim.api.nvim_buf_line_count(after)), 0 })
end

--- Show an edit and call back when the user has decided.
---@param edit lsp.WorkspaceEdit
---@param encoding string
---@param on_decision? fun(applied: boolean, reason?: string)
function M.show(edit, encoding, on_decision)
  local changes, problem = changes_of(edit)
  on_decision = on_decision or function() end
  if problem or #changes == 0 then
    messages.info(problem or 'there is nothing to change.')
    on_decision(false, problem)
    return
  end
  local preview = { edit = edit, encoding = encoding, changes = changes, tabs = {}, is_decided = false } ---@type table
  preview.on_decision = on_decision
  for _, change in ipairs(changes) do
    load(change)
    open_tab(preview, change)
  end
end

--- Handle `workspace/applyEdit`: the server's commands change nothing unseen either.
---@param _ any
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult
function M.asked(_, params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local waiting = coroutine.running()
  M.show(params.edit, client.offset_encoding, function(applied, reason)
    vim.schedule(function()
      coroutine.resume(waiting, { applied = applied, failureReason = reason })
    end)
  end)
  return coroutine.yield()
end

return M
