--- `:Firsthand install`: a Python environment of the plugin's own, with the server in it.

local messages = require('firsthand.messages')
local server = require('firsthand.server')

local M = {}

local PYTHONS = { 'python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11' }
local IS_RECENT = 'import sys; sys.exit(sys.version_info < (3, 11))'
local NO_PYTHON = 'Python 3.11 or newer was not found: install it, then run :Firsthand install again.'

local is_running = false

---@class (exact) firsthand.InstallStep
---@field said string
---@field command string[]

---@param command string[]
---@return boolean
local function succeeds(command)
  local started, process = pcall(vim.system, command, { text = true, env = { PYTHONSAFEPATH = '1' } })
  return started and process:wait().code == 0
end

---@return string?
local function find_python()
  for _, name in ipairs(PYTHONS) do
    local path = vim.fn.exepath(name)
    if path ~= '' and succeeds({ path, '-c', IS_RECENT }) then
      return path
    end
  end
end

--- Return what pip installs unless the user names something: the clone that this plugin lies in, else the package.
---@return string
function M.default_source()
  -- What lies among Neovim's packages may be a link to the clone.
  local this = assert(vim.uv.fs_realpath(debug.getinfo(1, 'S').source:sub(2)))
  local clone = vim.fs.normalize(vim.fs.dirname(this) .. '/../../../..')
  local is_clone = vim.uv.fs_stat(vim.fs.joinpath(clone, 'server', 'firsthand', '__init__.py')) ~= nil
  return is_clone and clone or 'firsthand'
end

---@param steps firsthand.InstallStep[]
---@param on_end fun(failure?: string)
local function run_steps(steps, on_end)
  local step = table.remove(steps, 1)
  if not step then
    on_end()
    return
  end
  messages.info(step.said)
  vim.system(step.command, { text = true, env = { PYTHONSAFEPATH = '1' } }, function(result)
    vim.schedule(function()
      if result.code == 0 then
        run_steps(steps, on_end)
      else
        local output = vim.split(vim.trim(result.stderr or ''), '\n')
        on_end(output[#output])
      end
    end)
  end)
end

--- Install the server, then start it for the files that are open.
---@param source string What pip installs; empty for the default.
function M.run(source)
  if is_running then
    messages.info('the server is being installed.')
    return
  end
  local python = find_python()
  if not python then
    messages.error(NO_PYTHON)
    return
  end
  local environment = server.private_environment()
  local wanted = source ~= '' and vim.fn.expand(source) or M.default_source()
  local pip = { server.program_in(environment, 'python'), '-m', 'pip', '--disable-pip-version-check', 'install' }
  is_running = true
  run_steps({
    { said = 'making a Python environment…', command = { python, '-m', 'venv', '--clear', environment } },
    { said = 'installing the server…', command = vim.list_extend(pip, { wanted }) },
    { said = 'trying it…', command = { server.program_in(environment, 'firsthand'), '--version' } },
  }, function(failure)
    is_running = false
    if failure then
      messages.error(('the server was not installed: %s'):format(failure))
      return
    end
    messages.info('the server is installed.')
    vim.lsp.enable('firsthand')
  end)
end

return M
