--- Which root folder a file belongs to.

local M = {}

local ROOT_MARKERS = { '.git', '.hg', '.jj', 'firsthand.toml' }

--- Return the folder that holds a path: the nearest with a marker, else the working directory, if that holds the path
--- and is neither the home directory nor above it, because nobody means to index all of that.
---@param path string
---@return string?
function M.of_path(path)
  path = vim.fs.normalize(path)
  local marked = vim.fs.root(path, { ROOT_MARKERS })
  if marked then
    return marked
  end
  local here = vim.fs.normalize(vim.fn.getcwd())
  local home = vim.fs.normalize(vim.uv.os_homedir() or '~')
  if vim.fs.relpath(here, path) and not vim.fs.relpath(here, home) then
    return here
  end
end

--- Return the path of a buffer's file; nil when it is not a file.
---@param buffer integer
---@return string?
function M.file_of(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  if name == '' or vim.bo[buffer].buftype ~= '' or name:match('^%a[%w+.-]+://') then
    return nil
  end
  return vim.fs.normalize(name)
end

--- Return the folder of a buffer's file, or of the working directory when the buffer is no file.
---@param buffer integer
---@return string?
function M.of_buffer(buffer)
  return M.of_path(M.file_of(buffer) or vim.fs.joinpath(vim.fn.getcwd(), '.'))
end

return M
