--- Where to look, as words before a question: `in=src lang=python tests=no How …`.

local M = {}

---@type table<string, fun(scope: firsthand.Scope, value: string): string?>
local words = {
  ['in'] = function(scope, value)
    scope.paths = scope.paths or {}
    table.insert(scope.paths, value)
  end,
  lang = function(scope, value)
    scope.languages = scope.languages or {}
    table.insert(scope.languages, value)
  end,
  kind = function(scope, value)
    scope.kinds = scope.kinds or {}
    table.insert(scope.kinds, value)
  end,
  tests = function(scope, value)
    if value ~= 'yes' and value ~= 'no' then
      return 'tests= takes yes (only tests) or no (no tests).'
    end
    scope.tests = value == 'yes'
  end,
  changed = function(scope, value)
    scope.changedSince = value
  end,
}

--- Return a path below a root with forward slashes; `%` is the current file. What is there is meant itself, even where
--- its name could be read as a glob.
---@param path string
---@param root? string
---@return string
local function below_root(path, root)
  local whole = path == '%' and vim.api.nvim_buf_get_name(0) or path
  local absolute = vim.fs.normalize(vim.fn.fnamemodify(whole, ':p'))
  local relative = root and vim.fs.relpath(root, absolute)
  local is_there = vim.uv.fs_stat(absolute) ~= nil
  return relative and is_there and relative:gsub('[\\*?]', '\\%0') or path
end

--- Split leading scope words off a text.
---@param text string
---@return firsthand.Scope? scope nil when there are none
---@return string rest
---@return string? problem
function M.split(text)
  local scope = {} ---@type firsthand.Scope
  local rest = text
  while true do
    local name, value, after = rest:match('^%s*(%a+)=(%S+)%s*(.*)$')
    local take = name and words[name]
    if not take then
      break
    end
    local problem = take(scope, value)
    if problem then
      return nil, rest, problem
    end
    rest = after
  end
  return next(scope) and scope or nil, vim.trim(rest), nil
end

--- Return the scope with its paths as the server names them.
---@param scope? firsthand.Scope
---@param root? string
---@return firsthand.Scope?
function M.for_root(scope, root)
  if not scope or not scope.paths then
    return scope
  end
  local paths = vim.tbl_map(function(path)
    return below_root(path, root)
  end, scope.paths)
  return vim.tbl_extend('force', scope, { paths = paths })
end

---@type table<string, fun(value: string): string[]>
local values_of = {
  ['in'] = function(value)
    -- A name with white space would end the word.
    return vim.tbl_filter(function(path)
      return not path:find('%s')
    end, vim.fn.getcompletion(value, 'file'))
  end,
  lang = function()
    return require('firsthand.status').languages()
  end,
  kind = function()
    return {}
  end,
  tests = function()
    return { 'yes', 'no' }
  end,
  changed = function()
    return {}
  end,
}

---@param candidates string[]
---@param lead string
---@return string[]
local function beginning_with(candidates, lead)
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

--- Complete a scope word.
---@param lead string
---@return string[]
function M.complete(lead)
  local name, value = lead:match('^(%a+)=(.*)$')
  if not name then
    return beginning_with({ 'changed=', 'in=', 'kind=', 'lang=', 'tests=' }, lead)
  end
  local candidates = values_of[name] and values_of[name](value) or {}
  return vim.tbl_map(function(candidate)
    return name .. '=' .. candidate
  end, beginning_with(candidates, value))
end

return M
