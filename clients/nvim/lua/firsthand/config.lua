--- What the user may set in `vim.g.firsthand`, checked and completed. Settings of the server are in `settings` and are
--- checked by the server.

local M = {}

---@class (exact) firsthand.Opts
---@field server? string|string[] The server: path of `firsthand`, or the whole command.
---@field settings? table<string, any> Settings of the server by their camelCase names.
---@field trusted? boolean|fun(root: string): boolean Whether what a folder says is believed and models may read it.
---@field window? firsthand.WindowOpts Where answers are shown.

---@class (exact) firsthand.WindowOpts
---@field style? 'split'|'float'
---@field position? 'left'|'right'|'above'|'below' The side of a split.
---@field size? number The share of the editor that the window takes, 0.1 to 0.9.

---@class (exact) firsthand.Config
---@field server string|string[]|nil
---@field settings table<string, any>
---@field trusted boolean|fun(root: string): boolean
---@field window firsthand.WindowConfig

---@class (exact) firsthand.WindowConfig
---@field style 'split'|'float'
---@field position 'left'|'right'|'above'|'below'
---@field size number

---@type firsthand.Config
local defaults = {
  server = nil,
  settings = vim.empty_dict(),
  trusted = true,
  window = { style = 'split', position = 'right', size = 0.4 },
}

---@class (exact) firsthand.Rule
---@field is_right fun(value: any): boolean
---@field expected string

---@param ... any
---@return firsthand.Rule
local function one_of(...)
  local allowed = { ... }
  return {
    is_right = function(value)
      return vim.list_contains(allowed, value)
    end,
    expected = ('one of "%s"'):format(table.concat(allowed, '", "')),
  }
end

---@param value any
---@return boolean
local function is_command(value)
  if type(value) == 'string' then
    return value ~= ''
  end
  return vim.islist(value)
    and #value > 0
    and vim.iter(value):all(function(part)
      return type(part) == 'string'
    end)
end

---@param value any
---@return boolean
local function is_object(value)
  return type(value) == 'table' and (next(value) == nil or not vim.islist(value))
end

---@type table<string, firsthand.Rule>
local rules = {
  server = { is_right = is_command, expected = 'a path or a list of strings' },
  settings = { is_right = is_object, expected = 'a table of names and values' },
  trusted = {
    is_right = function(value)
      return type(value) == 'boolean' or vim.is_callable(value)
    end,
    expected = 'true, false or a function of the folder',
  },
  window = { is_right = is_object, expected = 'a table with style, position and size' },
}

---@type table<string, firsthand.Rule>
local window_rules = {
  style = one_of('split', 'float'),
  position = one_of('left', 'right', 'above', 'below'),
  size = {
    is_right = function(value)
      return type(value) == 'number' and value >= 0.1 and value <= 0.9
    end,
    expected = 'a number from 0.1 to 0.9',
  },
}

--- Keep what is right; add a sentence for each thing that is not.
---@param given table
---@param known table<string, firsthand.Rule>
---@param prefix string
---@param problems string[]
---@return table
local function checked(given, known, prefix, problems)
  local kept = {}
  for key, value in vim.spairs(given) do
    local rule = known[key]
    if not rule then
      problems[#problems + 1] = ('"%s%s" is not an option'):format(prefix, key)
    elseif not rule.is_right(value) then
      problems[#problems + 1] = ('"%s%s" must be %s'):format(prefix, key, rule.expected)
    else
      kept[key] = value
    end
  end
  return kept
end

--- Return the options in force and what is wrong with those that were given, in one sentence.
---@return firsthand.Config config
---@return string? problem
function M.read()
  local given = vim.g.firsthand
  local problems = {} ---@type string[]
  if given ~= nil and not is_object(given) then
    problems[1] = 'it must be a table'
    given = nil
  end
  local kept = checked(given or {}, rules, '', problems)
  if kept.window then
    kept.window = checked(kept.window, window_rules, 'window.', problems)
  end
  local config = vim.tbl_deep_extend('force', defaults, kept) ---@type firsthand.Config
  if #problems == 0 then
    return config
  end
  return config,
    ('vim.g.firsthand: %s. The defaults are used instead; see :help firsthand-options.'):format(
      table.concat(problems, '; ')
    )
end

--- Return the options in force; what is wrong with the given ones is said once.
---@return firsthand.Config
function M.get()
  local config, problem = M.read()
  if problem then
    vim.notify_once('Firsthand: ' .. problem, vim.log.levels.WARN)
  end
  return config
end

return M
