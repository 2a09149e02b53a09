-- Mirrors server/firsthand/lsp/messages.py: names and shapes on the wire. That file is the source, a test compares.

---@alias firsthand.Health 'ok'|'warning'|'error'
---@alias firsthand.AnswerStatus 'complete'|'incomplete'|'cancelled'|'noModel'|'failed'

---@class (exact) firsthand.TextSpan
---@field start integer
---@field end integer

---@class (exact) firsthand.Scope
---@field paths? string[]
---@field languages? string[]
---@field kinds? string[]
---@field tests? boolean
---@field changedSince? string

---@class (exact) firsthand.Turn
---@field question string
---@field answer string

---@class (exact) firsthand.AskParams
---@field question string
---@field streamId? string
---@field conversationId? string
---@field uri? string
---@field range? lsp.Range
---@field scope? firsthand.Scope
---@field turns? firsthand.Turn[]

---@class (exact) firsthand.PlaceParams
---@field uri string
---@field position? lsp.Position
---@field range? lsp.Range
---@field streamId? string

---@class (exact) firsthand.Citation
---@field id integer
---@field path string
---@field uri string
---@field startLine integer
---@field endLine integer
---@field hash string
---@field spans firsthand.TextSpan[]

---@class (exact) firsthand.Ungrounded
---@field name string
---@field spans firsthand.TextSpan[]
---@field nearest string[]

---@class (exact) firsthand.Budget
---@field contextTokens integer
---@field answerTokens integer
---@field instructions integer
---@field history integer
---@field excerpts integer
---@field question integer

---@class (exact) firsthand.Answer
---@field answerId string
---@field status firsthand.AnswerStatus
---@field text string
---@field citations firsthand.Citation[]
---@field unsupported firsthand.TextSpan[]
---@field ungrounded firsthand.Ungrounded[]
---@field model string
---@field budget firsthand.Budget
---@field timings table<string, number>
---@field warnings string[]
---@field edit? lsp.WorkspaceEdit

---@class (exact) firsthand.Excerpt
---@field id integer
---@field path string
---@field uri string
---@field startLine integer
---@field endLine integer
---@field symbol string
---@field tokens integer
---@field score number
---@field reasons string[]
---@field hash string
---@field text string

---@class (exact) firsthand.Cut
---@field path string
---@field uri string
---@field startLine integer
---@field endLine integer
---@field tokens integer
---@field reason string

---@class (exact) firsthand.Update
---@field streamId string
---@field seq integer
---@field kind 'stage'|'context'|'delta'|'citation'|'warning'|'done'
---@field stage? string
---@field hits? firsthand.Excerpt[]
---@field cut? firsthand.Cut[]
---@field budget? firsthand.Budget
---@field text? string
---@field citation? firsthand.Citation
---@field message? string
---@field status? firsthand.AnswerStatus
---@field answerId? string

---@class (exact) firsthand.Hit
---@field path string
---@field uri string
---@field range lsp.Range
---@field symbol string
---@field kind string
---@field language string
---@field score number
---@field reasons string[]
---@field excerpt string

---@class (exact) firsthand.Message
---@field role string
---@field content string
---@field tokens integer

---@class (exact) firsthand.Context
---@field answerId string
---@field excerpts firsthand.Excerpt[]
---@field cut firsthand.Cut[]
---@field budget firsthand.Budget
---@field messages firsthand.Message[]

---@class (exact) firsthand.Offer
---@field role string
---@field model string
---@field message string

---@class (exact) firsthand.Models
---@field provider string
---@field embedder string
---@field chat? string
---@field notices string[]
---@field offers firsthand.Offer[]

---@class (exact) firsthand.LeftOutFile
---@field path string
---@field uri string
---@field reason string

---@class (exact) firsthand.FolderStatus
---@field uri string
---@field name string
---@field health firsthand.Health
---@field message string
---@field files { done: integer, total: integer, skipped: integer, failed: integer }
---@field chunks integer
---@field embedded integer
---@field indexing { stage: string, done: integer, total: integer, message: string }
---@field models? firsthand.Models
---@field etaMs? integer
---@field indexedCommit? string
---@field languages? string[]
---@field skippedFiles? firsthand.LeftOutFile[]
---@field failedFiles? firsthand.LeftOutFile[]

---@class (exact) firsthand.Status
---@field health firsthand.Health
---@field message string
---@field folders firsthand.FolderStatus[]

local M = {}

M.ASK = 'firsthand/ask'
M.EXPLAIN = 'firsthand/explain'
M.GENERATE_TEST = 'firsthand/generateTest'
M.SEARCH = 'firsthand/search'
M.STATUS = 'firsthand/status'
M.CONTEXT = 'firsthand/context'

M.ANSWER_DID_UPDATE = 'firsthand/answer/didUpdate'
M.STATUS_DID_CHANGE = 'firsthand/status/didChange'

M.ASK_COMMAND = 'firsthand.ask'
M.EXPLAIN_COMMAND = 'firsthand.explain'
M.GENERATE_TEST_COMMAND = 'firsthand.generateTest'
M.DOCUMENT_COMMAND = 'firsthand.document'
M.REINDEX_COMMAND = 'firsthand.reindex'
M.PAUSE_COMMAND = 'firsthand.pause'
M.RESUME_COMMAND = 'firsthand.resume'
M.CANCEL_COMMAND = 'firsthand.cancel'
M.PULL_MODEL_COMMAND = 'firsthand.pullModel'

return M
