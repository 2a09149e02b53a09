-- Found by `vim.lsp.enable('firsthand')`; every field can be changed with `vim.lsp.config('firsthand', { … })`.
return require('firsthand.lsp_config')
