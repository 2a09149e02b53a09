--- `:Firsthand search`: the best places, to choose from or in the quickfix list.

local clients = require('firsthand.clients')
local messages = require('firsthand.messages')
local protocol = require('firsthand.protocol')
local visible = require('firsthand.visible')

local M = {}

-- A menu that fits a screen; the quickfix list may be longer.
local MOST_IN_A_MENU = 20
local MOST_IN_A_LIST = 50

---@param hit firsthand.Hit
---@return integer first
---@return integer last
local function lines_of(hit)
  local ending = hit.range['end']
  local last = ending.character == 0 and ending.line > hit.range.start.line and ending.line or ending.line + 1
  return hit.range.start.line + 1, last
end

---@param hit firsthand.Hit
---@return string
local function label(hit)
  local first, last = lines_of(hit)
  local name = hit.symbol ~= '' and hit.symbol or hit.kind
  local details = ('%s — %s'):format(name, table.concat(hit.reasons, ', '))
  return ('%s  %s'):format(visible.place(hit.path, first, last), visible.one_line(details))
end

---@param query string
---@param hits firsthand.Hit[]
---@param said string[] What the server says of where it looked
local function choose(query, hits, said)
  local where = #said > 0 and (' (%s)'):format(table.concat(said, '; ')) or ''
  vim.ui.select(hits, {
    prompt = ('Places for "%s"%s: '):format(visible.one_line(query), visible.one_line(where)),
    kind = 'firsthand.hit',
    format_item = label,
  }, function(hit)
    if hit then
      local first, last = lines_of(hit)
      require('firsthand.jump').to({ uri = hit.uri, first = first, last = last })
    end
  end)
end

---@param query string
---@param hits firsthand.Hit[]
local function list(query, hits)
  local places = vim.tbl_map(function(hit)
    local first, last = lines_of(hit)
    return { uri = hit.uri, first = first, last = last, text = hit.symbol ~= '' and hit.symbol or hit.kind }
  end, hits)
  require('firsthand.places_list').quickfix(query, places)
end

--- Search, then let the user choose, or fill the quickfix list.
---@param query string
---@param scope? firsthand.Scope
---@param into_quickfix boolean
function M.run(query, scope, into_quickfix)
  clients.with_client(function(client)
    local params = {
      query = query,
      limit = into_quickfix and MOST_IN_A_LIST or MOST_IN_A_MENU,
      scope = require('firsthand.scope').for_root(scope, client.root_dir),
      uri = require('firsthand.folder').file_of(vim.api.nvim_get_current_buf()) and vim.uri_from_bufnr(0) or nil,
    }
    client:request(protocol.SEARCH, params, function(failure, result)
      if failure then
        messages.error(failure.message)
      elseif #result.hits == 0 then
        messages.info('nothing was found.')
      else
        local show = into_quickfix and list or choose
        show(query, result.hits, vim.list_extend({ result.notice }, result.filters or {}))
      end
    end)
  end)
end

return M
