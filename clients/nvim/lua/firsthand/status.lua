--- How the servers are doing: for the statusline, for `:Firsthand status`, and for completion.

local clients = require('firsthand.clients')
local messages = require('firsthand.messages')
local protocol = require('firsthand.protocol')
local visible = require('firsthand.visible')

local M = {}

---@type table<integer, firsthand.Status>
local latest = {}

--- Called by Neovim with each `firsthand/status/didChange`.
---@param _ any
---@param status firsthand.Status
---@param context lsp.HandlerContext
function M.changed(_, status, context)
  latest[context.client_id] = status
  vim.cmd.redrawstatus({ bang = true })
  vim.api.nvim_exec_autocmds('User', { pattern = 'FirsthandStatus', modeline = false, data = status })
end

--- Forget a server that ended.
---@param client_id integer
function M.forget(client_id)
  latest[client_id] = nil
  vim.cmd.redrawstatus({ bang = true })
end

--- Return what was last heard of the server of a buffer.
---@param buffer? integer
---@return firsthand.Status?
function M.of_buffer(buffer)
  local client = clients.of_buffer(buffer or vim.api.nvim_get_current_buf())
  return client and latest[client.id]
end

---@return firsthand.FolderStatus[]
local function folders()
  return vim.iter(vim.tbl_values(latest)):fold({}, function(all, status)
    return vim.list_extend(all, status.folders)
  end)
end

--- Return the models that could be pulled.
---@return string[]
function M.offers()
  local found = {} ---@type table<string, true>
  for _, folder in ipairs(folders()) do
    for _, offer in ipairs(folder.models and folder.models.offers or {}) do
      found[offer.model] = true
    end
  end
  return vim.fn.sort(vim.tbl_keys(found))
end

-- Completion must not make anybody wait.
local MILLISECONDS_FOR_COMPLETION = 300

--- Return the languages of the files of the current buffer's server.
---@return string[]
function M.languages()
  local client = clients.of_buffer(vim.api.nvim_get_current_buf())
  if not client or not client.initialized then
    return {}
  end
  local response = client:request_sync(protocol.STATUS, { details = true }, MILLISECONDS_FOR_COMPLETION)
  local found = {} ---@type string[]
  for _, folder in ipairs(response and response.result and response.result.folders or {}) do
    vim.list_extend(found, folder.languages or {})
  end
  return found
end

---@type table<firsthand.Health, string>
local SIGNS = { ok = '✓', warning = '!', error = '✗' }

---@param folder firsthand.FolderStatus
---@return string
local function short(folder)
  local indexing = folder.indexing
  if indexing.total > 0 and indexing.stage ~= 'idle' and indexing.stage ~= 'paused' then
    return ('%s %d/%d'):format(indexing.stage, indexing.done, indexing.total)
  end
  if indexing.stage == 'paused' or indexing.stage == 'opening' then
    return indexing.stage
  end
  return folder.models and (folder.models.chat or 'no model') or folder.indexing.stage
end

--- Return a few words for the statusline; empty where no server works for the buffer. It holds no `%`, so that it may
--- stand in any statusline.
---@param buffer? integer
---@return string
function M.line(buffer)
  local status = M.of_buffer(buffer)
  if not status then
    return ''
  end
  local parts = vim.tbl_map(short, status.folders)
  local text = ('%s %s'):format(SIGNS[status.health], #parts > 0 and table.concat(parts, ', ') or status.message)
  return (visible.one_line(text):gsub('%%', ''))
end

---@param lines firsthand.ReportLine[]
---@param title string
---@param files firsthand.LeftOutFile[]
local function add_files(lines, title, files)
  if #files == 0 then
    return
  end
  lines[#lines + 1] = { text = '' }
  lines[#lines + 1] = { text = ('%d %s'):format(#files, title), group = 'FirsthandHeading' }
  for _, file in ipairs(files) do
    lines[#lines + 1] = {
      text = ('- %s: %s'):format(visible.one_line(file.path), visible.one_line(file.reason)),
      target = { uri = file.uri, first = 1, last = 1 },
    }
  end
end

---@param models firsthand.Models
---@return string[]
local function model_lines(models)
  local lines = {
    'chat model: ' .. (models.chat or 'none, answers are cited excerpts'),
    'embedder: ' .. models.embedder,
  }
  vim.list_extend(lines, models.notices)
  for _, offer in ipairs(models.offers) do
    lines[#lines + 1] = ('%s :Firsthand pull %s'):format(offer.message, offer.model)
  end
  return lines
end

---@param folder firsthand.FolderStatus
---@return firsthand.ReportLine[]
local function folder_lines(folder)
  local files = folder.files
  local facts = {
    folder.message,
    ('files: %d indexed, %d skipped, %d failed'):format(files.done, files.skipped, files.failed),
    ('chunks: %d, %d with a vector'):format(folder.chunks, folder.embedded),
    ('indexing: %s %d of %d'):format(folder.indexing.stage, folder.indexing.done, folder.indexing.total),
    'commit: ' .. (folder.indexedCommit or 'none'),
  }
  vim.list_extend(facts, folder.models and model_lines(folder.models) or {})
  local group = ({ warning = 'FirsthandDoubt', error = 'FirsthandFailure' })[folder.health]
  local title = ('# %s %s'):format(SIGNS[folder.health], visible.one_line(folder.name))
  local lines = { { text = title, group = 'FirsthandQuestion' } } ---@type firsthand.ReportLine[]
  for index, fact in ipairs(facts) do
    lines[#lines + 1] = { text = visible.one_line(fact), group = index == 1 and group or nil }
  end
  add_files(lines, 'failed', folder.failedFiles or {})
  add_files(lines, 'skipped', folder.skippedFiles or {})
  return lines
end

---@param status firsthand.Status
---@return firsthand.ReportLine[]
local function status_lines(status)
  if #status.folders == 0 then
    return { { text = visible.one_line(status.message) } }
  end
  local lines = {} ---@type firsthand.ReportLine[]
  for _, folder in ipairs(status.folders) do
    vim.list_extend(lines, folder_lines(folder))
    lines[#lines + 1] = { text = '' }
  end
  return lines
end

--- Show how the server is doing, with the files that are not in the index and why.
function M.show()
  clients.with_client(function(client)
    client:request(protocol.STATUS, { details = true }, function(failure, status)
      if failure then
        messages.error(failure.message)
        return
      end
      require('firsthand.report').show('status', status_lines(status))
    end)
  end)
end

return M
