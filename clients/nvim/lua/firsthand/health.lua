--- `:checkhealth firsthand`.

local M = {}

local health = vim.health

local MILLISECONDS_TO_ANSWER = 10000

---@param command string[]
---@param options? vim.SystemOpts
---@return string? output
local function output_of(command, options)
  local started, process = pcall(vim.system, command, vim.tbl_extend('keep', options or {}, { text = true }))
  local result = started and process:wait(MILLISECONDS_TO_ANSWER)
  return result and result.code == 0 and vim.trim(result.stdout) or nil
end

local function check_editor()
  health.start('Neovim')
  if vim.fn.has('nvim-0.11') == 0 then
    health.error('Neovim 0.11 or newer is needed.', { 'Update Neovim.' })
    return
  end
  health.ok('Neovim ' .. tostring(vim.version()))
  if vim.lsp.is_enabled('firsthand') then
    health.ok("vim.lsp.enable('firsthand') was called")
  else
    health.warn('the server does not start by itself', { "Put vim.lsp.enable('firsthand') into your init.lua." })
  end
  local _, problem = require('firsthand.config').read()
  if problem then
    health.error(problem)
  else
    health.ok('vim.g.firsthand is fine')
  end
end

local function check_server()
  health.start('Server')
  local found, problem = require('firsthand.server').find()
  if not found then
    health.error(problem or '', { 'Run :Firsthand install, or install it with pip and set vim.g.firsthand.server.' })
    return
  end
  health.ok(('found by %s: %s'):format(found.origin, table.concat(found.command, ' ')))
  local command = vim.tbl_filter(function(part)
    return part ~= 'serve'
  end, found.command)
  local version = output_of(vim.list_extend(command, { '--version' }), { env = { PYTHONSAFEPATH = '1' } })
  if version then
    health.ok(version)
  else
    health.error(
      'the server does not tell its version',
      { 'Run it in a terminal; run :Firsthand install to have a new one.' }
    )
  end
end

local function check_tools()
  health.start('Tools')
  local git = vim.fn.executable('git') == 1 and output_of({ 'git', '--version' })
  if git then
    health.ok(git)
  else
    health.warn('git was not found', { 'Without git, ignored files and history are not known.' })
  end
  local has_markdown = pcall(vim.treesitter.language.inspect, 'markdown')
  if has_markdown then
    health.ok('answers are highlighted by the tree-sitter parser for markdown')
  else
    health.info('there is no tree-sitter parser for markdown: answers are highlighted more simply')
  end
end

---@type table<firsthand.Health, fun(message: string, advice?: string[])>
local by_health = {
  ok = function(message)
    health.ok(message)
  end,
  warning = health.warn,
  error = health.error,
}

---@param folder firsthand.FolderStatus
local function report_folder(folder)
  by_health[folder.health](('%s: %s'):format(folder.name, folder.message))
  local indexing = folder.indexing
  if indexing.total > 0 then
    health.info(('indexing: %s %d of %d'):format(indexing.stage, indexing.done, indexing.total))
  end
  health.info('index: ' .. (folder.indexedCommit and 'at commit ' .. folder.indexedCommit or 'no commit known'))
  local models = folder.models
  if not models then
    health.info('the models are not chosen yet')
    return
  end
  health.info(('models by %s, embedder %s'):format(models.provider, models.embedder))
  if models.chat then
    health.ok('chat model ' .. models.chat)
  else
    local advice = vim.list_extend(
      vim.deepcopy(models.notices),
      vim.tbl_map(function(offer)
        return ('Run :Firsthand pull %s'):format(offer.model)
      end, models.offers)
    )
    health.warn('no chat model: answers are cited excerpts', advice)
  end
end

local function check_sessions()
  health.start('Running servers')
  local protocol = require('firsthand.protocol')
  local running = require('firsthand.clients').all()
  if #running == 0 then
    health.info('none: open a file of a project')
  end
  for _, client in ipairs(running) do
    local response, problem
    if client.initialized then
      response, problem = client:request_sync(protocol.STATUS, vim.empty_dict(), MILLISECONDS_TO_ANSWER)
    end
    if response and response.result then
      vim.iter(response.result.folders):each(report_folder)
    else
      local reason = response and response.err and response.err.message or problem or 'it is still starting'
      health.error(('the server of %s does not answer: %s'):format(client.root_dir, reason), {
        'Run :Firsthand restart.',
      })
    end
  end
end

--- Check everything that has to be right.
function M.check()
  check_editor()
  check_server()
  check_tools()
  check_sessions()
end

return M
