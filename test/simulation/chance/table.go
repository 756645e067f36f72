package chance

import "time"

// kind of act. Its text is that of a story, without the moment. An argument may have alternatives, a|b, of which one is
// drawn, and words in capitals, which stand for something drawn: see words.
type kind struct {
	weight int
	act    string
	// then, if any, follows in between half of within and within.
	then   string
	within time.Duration
	// alone: one after the other, because each would undo the other's work.
	alone bool
}

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// table of everything that happens around a key's life.
var table = []kind{
	// What owners ask for in the sheet.
	{weight: 14, act: "move-end KEY LATER"},
	{weight: 4, act: "type-end KEY LATER"},
	{weight: 4, act: "date-cell KEY ISOLATER"},
	{weight: 5, act: "move-end KEY SOONER"},
	{weight: 8, act: "mark KEY 延長申請済み|延長|延長申請|延長済み", then: "move-end KEY LATER", within: 4 * day},
	{weight: 6, act: "mark KEY 延長申請済み|延長", then: `mark KEY ""`, within: 3 * day},
	{weight: 4, act: "mark KEY 延長不要|削除しないで|延長申請済み取消|削除", then: `mark KEY ""`, within: 2 * day},
	{weight: 2, act: "mark KEY 削除済み", then: `mark KEY ""`, within: 3 * day},
	{weight: 3, act: "mark KEY 通知済み|期限切れ"},
	{weight: 4, act: `mark KEY "確認中|延長申請済み 部長承認|通知済み 要確認|通知済み 延長不要"`, then: `mark KEY ""`, within: 2 * day},
	{weight: 4, act: `mark KEY ""`},
	{weight: 3, act: "break KEY 終了日 来月末|1/6/2026|2026/13/40|未定 DAYS"},
	{weight: 4, act: "break KEY 終了日|状態|氏名|アカウント名|アクセスキーID|利用目的 #N/A|#REF!|Loading...|#ERROR! SPAN"},
	{weight: 1, act: "long-remark KEY 49998 DAYS"},
	{weight: 3, act: "invisible KEY 終了日|状態|氏名|アカウント名|アクセスキーID"},
	{weight: 3, act: "hand-over KEY OWNER"},
	{weight: 2, act: "other-user KEY OTHER SPAN"},
	{weight: 2, act: "typo KEY SPAN"},
	{weight: 2, act: "double-row KEY SPAN"},
	{weight: 3, act: "copy-row KEY NEW OWNER"},
	{weight: 2, act: "request-later NEW OWNER NEWEND SPAN"},
	{weight: 2, act: "script KEY 状態|終了日 DAYS"},

	// What people do to rows, columns and tabs.
	{weight: 5, act: "sort 終了日|氏名|状態|アクセスキーID|アカウント名 up|down"},
	{weight: 4, act: "insert-rows KEY 1|2|5"},
	{weight: 2, act: "delete-gap"},
	{weight: 3, act: "cut-row KEY SPAN"},
	{weight: 2, act: "delete-row KEY SPAN|DAYS"},
	{weight: 1, act: "delete-row KEY stays"},
	{weight: 2, act: "sort-alone 終了日|状態|氏名|アカウント名|アクセスキーID SPAN", alone: true},
	{weight: 2, act: "clear 状態|終了日|氏名 SPAN", alone: true},
	{weight: 1, act: "clear 状態 stays", then: "approve", within: hour, alone: true},
	{weight: 2, act: "paste-down 終了日 2|3 3|5|20 NEAR SPAN", alone: true},
	{weight: 1, act: "paste-down 状態 2 3|20 削除済み|延長申請済み SPAN", alone: true},
	{weight: 2, act: "break-column 終了日|状態|氏名 #REF!|Loading... SPAN", alone: true},
	{weight: 3, act: "insert-column form 氏名|終了日|状態|アクセスキーID SPAN", alone: true},
	{weight: 2, act: "delete-column 終了日 アカウント名 SPAN", alone: true},
	{weight: 1, act: "delete-column 状態 アクセスキーID SPAN", alone: true},
	{weight: 2, act: "rename-tab form 申請 SPAN", alone: true},
	{weight: 2, act: "empty-tab form SPAN", alone: true},

	// The users tab.
	{weight: 2, act: "user-leaves OWNER SPAN|DAYS"},
	{weight: 2, act: "user-id OWNER U0NEW00001|U0NEW00002"},
	{weight: 1, act: "user-id OWNER U0NOBODY1 unknown"},
	{weight: 2, act: "user-name OWNER 旧姓|田中 SPAN"},
	{weight: 2, act: "user-twin OWNER SPAN|DAYS"},
	{weight: 2, act: "insert-column users 姓|名|ユーザーID SPAN", alone: true},
	{weight: 1, act: "rename-tab users 名簿 SPAN", alone: true},
	{weight: 2, act: "empty-tab users SPAN", alone: true},
	{weight: 2, act: "users-broken #REF!|Loading... SPAN", alone: true},

	// The cluster.
	{weight: 8, act: "patch-end KEY ISOLATER"},
	{weight: 2, act: "patch-end KEY ISOSOONER"},
	{weight: 3, act: "patch-mark KEY true", then: "patch-mark KEY false", within: 2 * day},
	{weight: 2, act: "gitops KEY ISOLATER SPAN|DAYS"},
	{weight: 1, act: "apply-lease KEY", then: "patch-end KEY ISOLATER", within: 2 * day},
	{weight: 2, act: "retry KEY"},
	{weight: 2, act: "give-up KEY SPAN|DAYS"},
	{weight: 3, act: "delete-lease KEY"},
	{weight: 1, act: "orphan-lease KEY"},
	{weight: 1, act: "finalizer KEY SPAN"},
	{weight: 2, act: "backup", then: "restore state|bare", within: 36 * hour},
	{weight: 2, act: "delete-sheet SPAN"},
	{weight: 4, act: "approve"},
	{weight: 2, act: "allow 1|3|30"},
	{weight: 2, act: "sync"},
	{weight: 2, act: `edit-sheet "{claimCell: Z1}" stays`, then: "foreign-claim SPAN", within: 2 * day},
	{weight: 1, act: `edit-sheet "{claimCell: Z1}" stays`, then: `second-cluster "` + otherSpec + `"`, within: 2 * day},
	{weight: 2, act: "secret gone|wrong SPAN"},

	// The sheet's spec.
	{weight: 2, act: `edit-sheet "{mode: DryRun}" SPAN|DAYS`},
	{weight: 3, act: `edit-sheet "{schedule: {dailyAt: \"09:30\"}}|{schedule: {dailyAt: \"23:50\"}}|{schedule: {dailyAt: \"00:00\"}}" SPAN|DAYS`},
	{weight: 2, act: `edit-sheet "{schedule: {noticeDays: [14, 3]}}|{schedule: {noticeDays: [2]}}|{schedule: {noticeDays: [0]}}" SPAN|DAYS`},
	{weight: 2, act: `edit-sheet "{schedule: {minimumNotice: 72h}}|{schedule: {minimumNotice: 90m30s}}|{schedule: {minimumNotice: 0s}}" SPAN|DAYS`},
	{weight: 2, act: `edit-sheet "{schedule: {gracePeriod: 48h}}|{schedule: {gracePeriod: 0s}}" SPAN|DAYS`},
	{weight: 1, act: `edit-sheet "{schedule: {syncInterval: 30m}}|{schedule: {syncInterval: 1m}}" SPAN|DAYS`},
	{weight: 1, act: `edit-sheet "{schedule: {timeZone: UTC}}|{schedule: {timeZone: America/New_York}}" SPAN|DAYS`},
	{weight: 3, act: `edit-sheet "{schedule: {timeZone: Asia/Tokio}}|{requests: {columns: {userName: I}}}|{claimCell: K20}" SPAN|DAYS`},
	{weight: 2, act: `edit-sheet "{limits: {minChangeRows: 1, maxChangePercent: 1}}|{limits: {minChangeRows: 40}}|{limits: {maxRevocationsPerDay: 0}}" SPAN|DAYS`},
	{weight: 1, act: `edit-sheet "{slack: {admins: [U0ADMIN02]}}|{slack: {admins: [U0ADMIN01, U0ADMIN03]}}|{slack: {language: en}}" SPAN|DAYS`},
	{weight: 1, act: `edit-sheet "{marks: {notified: 連絡済み}}|{extensionPolicy: Exempt}|{claimCell: Z1}" SPAN|DAYS`},
	{weight: 2, act: `edit-sheet "{requests: {columns: {endDate: H}}}|{requests: {columns: {status: G}}}|{requests: {tab: 別}}" SPAN`},
	{weight: 2, act: `edit-sheet "{aws: {policyName: \"\"}}|{aws: {userPathPrefix: /service/}}|{aws: {holdIfUsedWithin: 240h}}|{aws: {keepConsoleUsers: false}}" SPAN|DAYS`},

	// AWS by people.
	{weight: 4, act: "key-off|key-on|key-use KEY"},
	{weight: 2, act: "key-delete KEY"},
	{weight: 2, act: "key-second KEY NEW"},
	{weight: 1, act: "user-recreate KEY", then: "mark KEY 削除済み", within: 4 * day},
	{weight: 1, act: "user-rename KEY SPAN|DAYS"},
	{weight: 4, act: "user-gets KEY password|mfa|group|inline|ssh|certificate|credential"},
	{weight: 2, act: "protect KEY SPAN|DAYS"},
	{weight: 2, act: "policy-to KEY group|role|boundary"},

	// Slack.
	{weight: 6, act: "slack chat.postMessage|conversations.open|any did:internal_error|did:fatal_error|internal_error|fatal_error|lost|drop HOW"},
	{weight: 4, act: "slack chat.postMessage did:internal_error|lost|internal_error|service_unavailable HOW OWNER|admin1|admin2"},
	{weight: 4, act: "slack any|chat.postMessage|conversations.open 429:1|429:30|429:600|500|503|ratelimited|service_unavailable|request_timeout HOW"},
	{weight: 4, act: "slack chat.postMessage|conversations.open channel_not_found|not_in_channel|user_not_found|user_disabled|user_not_visible|cannot_dm_bot|restricted_action|is_archived HOW OWNER|admin1"},
	{weight: 2, act: "slack chat.postMessage|conversations.open team_access_not_granted|org_login_required|accesslimited|restricted_action|messages_tab_disabled HOW"},
	{weight: 3, act: "slack chat.postMessage|conversations.open moon_is_full|msg_blocked HOW OWNER"},
	{weight: 2, act: "slack chat.postMessage msg_too_long|invalid_blocks|invalid_metadata_format|no_text 1x"},
	{weight: 2, act: "slack conversations.history 503|lost|missing_scope|429:5 HOW"},
	{weight: 3, act: "slack-token token_revoked|account_inactive|invalid_auth|ekm_access_denied|scope:im:history|scope:chat:write SPAN"},
	{weight: 2, act: "slack-user OWNER disabled|hidden|bot DAYS"},
	{weight: 1, act: "slack-user OWNER disabled|hidden stays"},
	{weight: 1, act: "slack-archive C0KEYS001 SPAN"},

	// Google.
	{weight: 7, act: "google write|any lost|unsent|503|500 HOW"},
	{weight: 5, act: "google read|write|any 429|429:60|user-rate|rate|500|502|503|lost|unsent HOW"},
	{weight: 3, act: "google read|write|any 403|404 HOW"},
	{weight: 2, act: "google-share reader|nobody SPAN"},

	// AWS.
	{weight: 6, act: "aws UpdateAccessKey|DeleteAccessKey|DeleteUser|DetachUserPolicy|DeletePolicy lost|Throttling|ServiceFailure|InternalFailure HOW"},
	{weight: 3, act: "aws DeleteAccessKey InternalFailure|lost 1x|3x KEY", then: "move-end KEY LATER", within: 10 * time.Minute},
	{weight: 5, act: "aws any|ListAccessKeys|GetUser|GetAccessKeyLastUsed|GetCallerIdentity Throttling|RequestLimitExceeded|ServiceFailure|InternalFailure|ServiceUnavailable|lost HOW"},
	{weight: 3, act: "aws DeleteUser|DeleteLoginProfile|DeletePolicy|DeleteAccessKey ConcurrentModification|EntityTemporarilyUnmodifiable|DeleteConflict HOW"},
	{weight: 3, act: "aws DeleteAccessKey|DeleteUser|ListAccessKeys|DeletePolicy|UpdateAccessKey|GetAccessKeyLastUsed AccessDenied HOW"},
	{weight: 2, act: "aws any ExpiredToken|InvalidClientTokenId SPAN"},
	{weight: 1, act: "aws-account SPAN"},

	// The operator and its API server.
	{weight: 16, act: "kill before|behind 1|5|60|900"},
	{weight: 2, act: "kill before LONG"},
	{weight: 5, act: "second-leader 1|5|15"},
	{weight: 3, act: "freeze 30|90|600 1|15"},
	{weight: 4, act: "weave SEED 600|7200"},
	{weight: 5, act: "stale 5|60|600"},
	{weight: 8, act: "api apply|status|any|read conflict|timeout|lost|unavailable 1|2|5"},
	{weight: 2, act: "api apply|status refused 1|20"},
	{weight: 5, act: "late google|slack|aws 2|9|12|30 1|2|5"},
}
