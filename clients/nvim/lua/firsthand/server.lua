--- Finds the server. What lies in the opened folder is never run: a repository must not choose what is executed.

local config = require('firsthand.config')

local M = {}

M.NOT_FOUND = "Firsthand's server was not found: run :Firsthand install, or set vim.g.firsthand.server to its path."

local is_windows = vim.fn.has('win32') == 1

---@class (exact) firsthand.ServerCommand
---@field command string[]
---@field origin string Where it was found, in words.

--- Return the path of a program in a Python environment.
---@param environment string
---@param name string
---@return string
function M.program_in(environment, name)
  local folder = is_windows and 'Scripts' or 'bin'
  return vim.fs.joinpath(environment, folder, is_windows and name .. '.exe' or name)
end

--- Return the folder of the environment that `:Firsthand install` makes.
---@return string
function M.private_environment()
  return vim.fs.joinpath(vim.fn.stdpath('data') --[[@as string]], 'firsthand', 'server')
end

---@param path string
---@return string?
local function executable(path)
  local found = vim.fn.exepath(path)
  return found ~= '' and found or nil
end

--- Return what the option `server` says, or an error sentence.
---@param option string|string[]
---@return firsthand.ServerCommand?
---@return string?
local function from_option(option)
  local command = type(option) == 'table' and vim.deepcopy(option) or { vim.fs.normalize(option), 'serve' }
  local path = executable(command[1])
  if not path then
    return nil,
      ('vim.g.firsthand.server: "%s" cannot be executed; correct the path or remove the option.'):format(command[1])
  end
  command[1] = path
  return { command = command, origin = 'vim.g.firsthand.server' }
end

--- Return how to start the server, or a sentence that says what to do.
---@return firsthand.ServerCommand? command
---@return string? problem
function M.find()
  local option = config.get().server
  if option then
    return from_option(option)
  end
  local places = {} ---@type { [1]: string, [2]: string }[]
  if vim.env.VIRTUAL_ENV then
    places[#places + 1] = { M.program_in(vim.env.VIRTUAL_ENV, 'firsthand'), 'the active Python environment' }
  end
  places[#places + 1] = { 'firsthand', 'PATH' }
  places[#places + 1] = { M.program_in(M.private_environment(), 'firsthand'), ':Firsthand install' }
  for _, place in ipairs(places) do
    local path = executable(place[1])
    if path then
      return { command = { path, 'serve' }, origin = place[2] }
    end
  end
  return nil, M.NOT_FOUND
end

return M
