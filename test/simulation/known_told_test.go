package simulation

// knownTold are known faults by which somebody is not told, or told wrongly.
var knownTold = []fault{
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
		name:       "a lease that was deleted or lost comes back in a new term, and the row's mark spares its owner",
		invariants: []string{`2 removed without notice`},
		acts:       []string{`(delete-lease|restore bare|orphan-lease|finalizer )`},
		story: `
2026-11-02 09:00:00 owner 6
2026-11-02 09:00:00 request 4 6 2026/12/06 期限切れ
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [30, 7], minimumNotice: 24h0m0s, gracePeriod: 0s}}"
2026-11-02 09:00:00 boot
2026-12-07 15:00:00 edit-sheet "{claimCell: K20}" 412207
2026-12-07 15:08:28 +34 delete-lease 4
2026-12-08 15:00:00 type-end 4 2026年12月14日
2026-12-16 15:00:09 end
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
		name:       "a mark that people put on a row before its first reading spares its owner, though the row came later",
		invariants: []string{`2 removed without notice`},
		acts:       []string{`request-later `, `mark \S+ (通知済み|期限切れ)`},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 request 1 1 2026/12/20
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-02 09:00:30 request-later 2 1 2026/12/08 10
2026-12-02 09:00:45 mark 2 通知済み
2026-12-20 00:00:00 end
`,
	},
	{
		name:       `a change of the users tab takes every owner's notice`,
		invariants: []string{`2 removed without notice`, `8 not done in the end`},
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
		acts:       []string{`(owner|user-twin) 2`},
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
		acts:       []string{`slack (chat\.postMessage|conversations\.open) (team_access_not_granted|org_login_required|accesslimited|restricted_action|messages_tab_disabled) \S+$`},
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
		name:       "an owner whom Slack could not reach once is not tried again",
		invariants: []string{`2 removed without notice`, `8 not done in the end`},
		acts:       []string{`(slack-user \S+ |slack (chat\.postMessage|conversations\.open) (channel_not_found|not_in_channel|user_not_found|user_disabled|user_not_visible|cannot_dm_bot|restricted_action|is_archived) )`},
		story: `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 3 1 2026/12/12 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 0s}}"
2026-11-02 09:00:00 boot
2026-11-30 00:04:36 slack conversations.open not_in_channel 1x 1
2026-12-14 15:00:09 end
`,
	},
	{
		name:       "the short text that stands in for a notice names no key",
		invariants: []string{`2 removed without notice`, `8 not done in the end`},
		acts:       []string{`slack chat\.postMessage (msg_too_long|invalid_blocks|invalid_metadata_format|no_text) `},
		story: `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet
2026-11-20 09:00:00 boot
2026-12-01 14:59:00 slack chat.postMessage msg_too_long 1x
2026-12-20 00:00:00 end
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
		name:       "a spell of DryRun while the sheet waits for approval, or cannot be read, is forgotten",
		invariants: []string{`2 removed without notice`},
		acts:       []string{`(create-sheet .*minChangeRows|google-share nobody )`, `edit-sheet \{mode: DryRun\}`},
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
}
