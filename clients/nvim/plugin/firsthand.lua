if vim.g.loaded_firsthand then
  return
end
vim.g.loaded_firsthand = true

vim.api.nvim_create_user_command('Firsthand', function(invocation)
  require('firsthand.commands').run(invocation)
end, {
  nargs = '*',
  bang = true,
  range = true,
  desc = 'Ask about your code, and more: see :help firsthand-commands',
  complete = function(lead, line)
    return require('firsthand.commands').complete(lead, line)
  end,
})

-- In visual mode `:` puts the range of the selection before the command by itself.
for _, name in ipairs({ 'ask', 'chat', 'explain', 'test', 'document', 'search' }) do
  vim.keymap.set({ 'n', 'x' }, ('<Plug>(firsthand-%s)'):format(name), (':Firsthand %s<CR>'):format(name), {
    silent = true,
    desc = ('Firsthand: %s'):format(name),
  })
end
