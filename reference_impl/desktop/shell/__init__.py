"""The desktop shell in three worlds: main process, preload in an isolated world, and a renderer without any token.

| module | what |
|---|---|
| `contract` | the channels: what may be asked, what is answered, within which time; both sides are made from it |
| `dispatcher` | main's side of the channels: sender, size, schema, time limit, typed errors |
| `senders`, `external` | which pages may ask; what the system's browser is opened at |
| `handlers` | what the channels do with the session |
| `pages`, `windows`, `app` | Qt: the files that windows show, the windows, the process |

Only the last three need Qt (`pip install authassay[shell]`).
"""
