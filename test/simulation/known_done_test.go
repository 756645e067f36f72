package simulation

import "slices"

// known faults, which are found and not mended yet.
var known = slices.Concat(knownTold, knownDone)

// knownDone are known faults by which something wrong is done, or nothing.
var knownDone = []fault{
	{
		name:       "keys of a sheet whose spec cannot be used are not counted, and nobody is told",
		invariants: []string{`7 overdue and not counted`, `7 past its end in silence`},
		acts:       []string{`edit-sheet .*(Asia/Tokio|userName: I|claimCell: K20|endDate: H|status: G|tab: 別)`},
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
		name:       "a notice after the deactivation, to a new owner or in a new term, announces a later deletion than comes",
		invariants: []string{`1 removed before its end`},
		acts:       []string{`create-sheet .*gracePeriod: [1-9]`, `(user-id |hand-over |protect |edit-sheet .*userPathPrefix|kill \S+ \d{6}|secret )`},
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
		name:       "a restored backup forgets that a deletion could not be told yet",
		invariants: []string{`8 not done in the end`},
		acts:       []string{`slack `, `restore state`},
		story: `
2026-11-02 09:00:00 owner 8
2026-11-02 09:00:00 request 2 4 20261122 期限切れ
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"09:37\", noticeDays: [30, 7], minimumNotice: 24h0m0s, gracePeriod: 0s}}"
2026-11-02 09:00:00 boot
2026-11-22 23:58:46 +32 backup
2026-11-23 09:37:00 +2 slack any did:internal_error 80337
2026-11-23 18:24:40 restore state
2026-12-01 03:00:00 calm
2026-12-23 06:15:52 end
`,
	},
	{
		name:       "a lease that is restored without its status loses what kubectl set before the next sync",
		invariants: []string{`1 removed before its end`},
		acts:       []string{`(patch-end|gitops) `, `restore bare`},
		story: `
2026-11-02 09:00:00 request 9 5 20261217 ""
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 24h0m0s}, limits: {minChangeRows: 2}, extensionPolicy: Exempt}"
2026-11-02 09:00:00 boot
2026-12-08 15:06:15 +1 edit-sheet "{requests: {columns: {userName: I}}}" 386484
2026-12-10 15:00:00 backup
2026-12-11 18:38:59 restore bare
2026-12-12 03:21:24 patch-end 9 2027-01-01
2026-12-24 02:37:15 end
`,
	},
	{
		name:       "a lease that is restored without its row is deleted by the backup's date",
		invariants: []string{`1 removed before its end`},
		acts:       []string{`(delete-row|cut-row) `, `restore state`},
		story: `
2026-11-02 09:00:00 request 1 2 2026/12/05 ""
2026-11-02 09:00:00 request 3 4 2026-12-05 期限切れ
2026-11-02 09:00:00 create-sheet "{schedule: {dailyAt: \"15:00\", noticeDays: [7], minimumNotice: 24h0m0s, gracePeriod: 72h0m0s}, limits: {minChangeRows: 4}, claimCell: Z1}"
2026-11-02 09:00:00 boot
2026-12-06 14:59:29 type-end 1 20261210
2026-12-06 15:00:00 +31 backup
2026-12-11 00:00:00 delete-row 1 stays
2026-12-11 13:51:45 gitops 1 2026-12-26 154638
2026-12-14 11:58:28 restore state
2027-01-21 13:51:45 end
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
		acts:       []string{`edit-sheet .*(dailyAt|gracePeriod|timeZone|minimumNotice)`},
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
		name:       "a hold of give-up ends when the garbage collector takes the lease",
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
		name:       "marks that are cleared in all rows are no change to the guard",
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
