package simulation

// known faults, which are found and not mended yet.
var known = []fault{
	{
		name:       "two leaders that overlap tell a notice twice",
		invariants: []string{`5 told twice`},
		acts:       []string{`(freeze|second-leader|weave) `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-01 15:00:00 +24 freeze 90 15
2026-12-20 00:00:00 end
`,
	},
	{
		name:       "a mark found in the sheet spares an owner who was never told",
		invariants: []string{`2 removed without notice`},
		acts:       []string{`request \S+ \S+ \S+ (通知済み|期限切れ)`, `(hand-over|user-id|user-name) `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08 通知済み
2026-12-02 09:00:00 create-sheet
2026-12-02 09:00:00 boot
2026-12-03 12:00:00 hand-over 1 4
2026-12-20 00:00:00 end
`,
	},
	{
		name:       "a copied row brings its mark along, and its owner is not told",
		invariants: []string{`2 removed without notice`},
		acts:       []string{`copy-row `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-03 12:00:00 copy-row 1 2 4
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `a change of the users tab takes every owner's notice`,
		invariants: []string{`2 removed without notice`},
		acts:       []string{`(insert-column users|users-broken|empty-tab users|rename-tab users|user-leaves|user-name|user-twin) `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-11-28 09:00:00 insert-column users 姓 stays
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `a name with invisible characters is nobody's, or several people's`,
		invariants: []string{`2 removed without notice`},
		acts:       []string{`invisible \S+ 氏名`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 owner 2
2026-11-20 09:00:00 owner 3
2026-11-20 09:00:00 request 1 3 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-11-21 09:00:00 invisible 1 氏名
2026-12-20 00:00:00 end
`,
	},
	{
		name:       "a name inside another name is taken for that person",
		invariants: []string{`5 told of another's key`, `2 removed without notice`},
		acts:       []string{`owner 2`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 owner 2
2026-11-20 09:00:00 request 1 3 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-20 00:00:00 end
`,
	},
	{
		name:       "keys of a sheet whose spec cannot be used are not counted, and nobody is told",
		invariants: []string{`7 overdue and not counted`, `7 past its end in silence`},
		acts:       []string{`edit-sheet .*(Asia/Tokio|userName: I|claimCell: K20)`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-05 12:00:00 edit-sheet "{requests: {columns: {userName: I}}}" stays
2027-01-05 12:00:00 end
`,
	},
	{
		name:       "a message that Slack refuses is told in a short form that does not name the key",
		invariants: []string{`10 the audit log and what happened`, `2 removed without notice`},
		acts:       []string{`slack chat.postMessage (msg_too_long|invalid_blocks|invalid_metadata_format|no_text|invalid_arguments)`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-01 14:59:00 slack chat.postMessage msg_too_long 1x
2026-12-20 00:00:00 end
`,
	},
}
