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
	{
		name:       "what Slack refuses for the workspace is recorded as the recipient's own",
		invariants: []string{`6 another's cell or a wrong mark`, `8 not done in the end`, `2 removed without notice`},
		acts:       []string{`slack (chat\.postMessage|conversations\.open) (team_access_not_granted|org_login_required|restricted_action|messages_tab_disabled) \S+$`},
		story: `
2026-11-02 09:00:00 owner 8
2026-11-02 09:00:00 request 5 5 2026/11/29
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-11-30 15:00:05 slack chat.postMessage messages_tab_disabled 937
2026-12-24 18:00:00 calm
2027-01-15 15:00:00 end
`,
	},
	{
		name:       "a code of Slack that nobody knows silences an owner",
		invariants: []string{`8 not done in the end`, `2 removed without notice`},
		acts:       []string{`slack (chat\.postMessage|conversations\.open) (moon_is_full|msg_blocked) `},
		story: `
2026-11-02 09:00:00 owner 6
2026-11-02 09:00:00 request 4 6 2026-12-04 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 72h0m0s}}"
2026-11-02 09:00:00 boot
2026-11-27 15:06:52 slack conversations.open moon_is_full 3x 6
2026-12-05 13:43:59 +22 edit-sheet "{mode: DryRun}" 12523
2026-12-07 18:23:45 end
`,
	},
	{
		name:       "a key ID with invisible characters is no key's",
		invariants: []string{`8 not done in the end`},
		acts:       []string{`invisible \S+ アクセスキーID`},
		story: `
2026-11-02 09:00:00 owner 8 admin1
2026-11-02 09:00:00 request 2 5 2026/12/12 期限切れ 1
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 1h0m0s}}"
2026-11-02 09:00:00 boot
2026-12-13 16:00:00 +3 invisible 2 アクセスキーID
2026-12-15 16:25:03 calm
2027-01-11 15:04:37 end
`,
	},
	{
		name:       "a new owner's notice after the deactivation announces a later deletion than comes",
		invariants: []string{`1 removed before its end`},
		acts:       []string{`create-sheet .*gracePeriod: [1-9]`, `(user-id|hand-over) `},
		story: `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 5 1 2026年11月17日 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 24h0m0s}, limits: {minChangeRows: 1}}"
2026-11-02 09:00:00 boot
2026-11-10 15:01:30 +15 type-end 5 20261127
2026-11-28 15:04:46 user-id 1 U0NEW001
2026-11-30 15:05:13 end
`,
	},
	{
		name:       "a remark that could not be written is written when people have removed it",
		invariants: []string{`6 another's cell or a wrong mark`},
		acts:       []string{`long-remark `},
		story: `
2026-11-02 09:00:00 request 3 5 20261123 ""
2026-11-02 09:00:00 request 6 2 2026年12月8日 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 72h0m0s, gracePeriod: 0s}, limits: {maxRevocationsPerDay: 1}}"
2026-11-02 09:00:00 boot
2026-12-08 15:00:00 long-remark 3 49998 216019
2026-12-12 03:10:14 end
`,
	},
	{
		name:       "a spell of DryRun while the sheet waits for approval is forgotten",
		invariants: []string{`2 removed without notice`},
		acts:       []string{`create-sheet .*minChangeRows`, `edit-sheet \{mode: DryRun\}`},
		story: `
2026-11-02 09:00:00 request 3 3 2026-11-29 ""
2026-11-02 09:00:00 request 4 2 20261122 ""
2026-11-02 09:00:00 request 6 7 2026年12月1日 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"10:09\", noticeDays: [7], minimumNotice: 120h0m0s, gracePeriod: 0s}, limits: {minChangeRows: 2}}"
2026-11-02 09:00:00 boot
2026-11-23 00:00:00 +40 patch-end 4 2026-12-02
2026-11-30 00:04:48 +14 mark 3 削除しないで
2026-12-01 16:40:10 mark 3 ""
2026-12-02 03:06:25 +29 mark 6 ""
2026-12-02 07:56:30 mark 3 ""
2026-12-02 10:09:00 edit-sheet "{mode: DryRun}" 20900
2026-12-04 10:09:01 end
`,
	},
	{
		name:       `an extension while it is not known whether the key was deleted is forgotten`,
		invariants: []string{`1 removed before its end`},
		acts:       []string{`aws (DeleteAccessKey|any) `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-09 14:59:00 aws DeleteAccessKey InternalFailure 3x 1
2026-12-09 15:00:00 +25 aws any ServiceUnavailable 172800
2026-12-09 15:30:00 move-end 1 2027/01/31
2027-03-01 00:00:00 end
`,
	},
	{
		name:       `a change of the schedule makes a deletion earlier than announced`,
		invariants: []string{`1 removed before its end`},
		acts:       []string{`edit-sheet .*(dailyAt|gracePeriod|timeZone)`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-09 14:55:00 edit-sheet "{schedule: {dailyAt: \"09:30\"}}" stays
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `a cell that keeps nothing is written again and again, and its row is said to have moved`,
		invariants: []string{`9 without bounds`, `10 the audit log and what happened`},
		acts:       []string{`script `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-01 14:00:00 script 1 状態 stays
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `a passing refusal of Slack that has no class costs the owner the notice`,
		invariants: []string{`2 removed without notice`},
		acts:       []string{`slack chat\.postMessage accesslimited `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-01 14:59:00 slack chat.postMessage accesslimited 3600
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `the short text that follows a refused message names no key and no deletion`,
		invariants: []string{`2 removed without notice`},
		acts:       []string{`slack chat\.postMessage (msg_too_long|invalid_blocks|invalid_metadata_format|no_text) `},
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
	{
		name:       `the garbage collector ends what holds a lease`,
		invariants: []string{`3 removed while held`},
		acts:       []string{`give-up `, `orphan-lease `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-02 08:00:00 give-up 1 stays
2026-12-02 09:00:00 orphan-lease 1
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `many marks that are cleared at once are no change of the sheet`,
		invariants: []string{`3 removed while all stands still`},
		acts:       []string{`clear 状態 `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 owner 4
2026-11-20 09:00:00 owner 5
2026-11-20 09:00:00 request 1 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 2 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 3 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 4 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 5 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 6 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 7 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 8 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 9 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 10 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 11 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 request 12 1 2026/12/08 延長申請済み
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2027-01-15 10:00:00 clear 状態 stays
2027-01-25 00:00:00 end
`,
	},
	{
		name:       `a sheet whose name is longer than a label has no leases`,
		invariants: []string{`8 not done in the end`},
		acts:       []string{`create-sheet .*\bk{64}$`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet {} kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
2026-11-20 09:00:00 boot
2026-12-07 09:00:00 calm
2027-01-20 00:00:00 end
`,
	},
}
