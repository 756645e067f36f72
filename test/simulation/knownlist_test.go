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
		acts:       []string{`(insert-column users|users-broken|empty-tab users|rename-tab users) `},
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
		name:       "an end date with invisible characters cannot be read",
		invariants: []string{`8 not done in the end`},
		acts:       []string{`invisible \S+ (終了日|アクセスキーID|アカウント名|状態)`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-11-22 09:00:00 move-end 1 2026/12/09
2026-11-22 09:00:00 invisible 1 終了日
2026-12-01 09:00:00 calm
2027-01-20 00:00:00 end
`,
	},
	{
		name:       "one long remark keeps all rows from their marks and dates",
		invariants: []string{`8 not done in the end`, `6 another's cell or a wrong mark`},
		acts:       []string{`long-remark `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 request 2 4 2026/12/20
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-01 12:00:00 long-remark 1 49998 stays
2026-12-01 15:30:00 patch-end 2 2027-03-31
2026-12-02 00:00:00 calm
2027-01-10 00:00:00 end
`,
	},
	{
		name:       "minimumNotice is cut by less than a second, because stored times are whole seconds",
		invariants: []string{`2 minimum notice cut by rounding`},
		acts:       []string{},
		story: `
2026-12-09 09:00:00 owner 1
2026-12-09 09:00:00 request 1 1 2026/12/08
2026-12-09 09:00:00 create-sheet
2026-12-09 09:00:00 boot
2026-12-12 00:00:00 end
`,
	},
}
