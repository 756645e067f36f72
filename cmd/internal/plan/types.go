package plan

// Plan is what the operator would do with a sheet that it sees for the first time. It is what keylease plan -o json
// prints. Times are RFC 3339 in the schedule's time zone, dates YYYY-MM-DD.
type Plan struct {
	// Source is the file or the spreadsheet's ID.
	Source string `json:"source"`
	// At is the moment planned for: the day's dailyAt.
	At string `json:"at"`
	// TimeZone of the calendar days.
	TimeZone string `json:"timeZone"`
	Counts   Counts `json:"counts"`
	// Rows in the sheet's order: those that become leases.
	Rows []Row `json:"rows"`
	// Problems in the order of rows.
	Problems []Problem `json:"problems"`
	// Notes on the whole, one sentence each: what was assumed, and what would stop some of it.
	Notes []string `json:"notes"`
}

// Counts of the requests tab.
type Counts struct {
	// Total of the rows that are not blank.
	Total int `json:"total"`
	// Leases: rows that become one.
	Leases int `json:"leases"`
	// Pending rows have no access key ID yet.
	Pending int `json:"pending"`
	// Invalid rows become no lease.
	Invalid int `json:"invalid"`
}

// Row is one row that becomes a lease.
type Row struct {
	// Row number in the requests tab, from 1.
	Row         int    `json:"row"`
	AccessKeyID string `json:"accessKeyID"`
	UserName    string `json:"userName"`
	// AccountID, where the row or the manifest names one.
	AccountID string `json:"accountID,omitempty"`
	Owner     Owner  `json:"owner"`
	// EndDate, the last day on which the key may be used.
	EndDate string `json:"endDate"`
	// Phase after today's steps: Active, Notified, Expired or Revoked.
	Phase string `json:"phase"`
	// Held is why nothing is done about the row; absent: it is not held.
	Held *Held `json:"held,omitempty"`
	// Status is the text of the status cell as it stands, StatusAfter after today's steps.
	Status      string `json:"status"`
	StatusAfter string `json:"statusAfter"`
	// Today are the steps of the moment planned for.
	Today []Step `json:"today"`
	// Later are those that follow if nothing changes, to the end.
	Later []Step `json:"later"`
}

// Owner is the person in the row, and whom Slack knows as that.
type Owner struct {
	FullName string `json:"fullName"`
	// SlackUserID, U… or W…; absent where the name matches nobody or several people.
	SlackUserID string `json:"slackUserID,omitempty"`
	// Candidates whom an ambiguous name may mean.
	Candidates []string `json:"candidates,omitempty"`
	// Reason: OwnerFound, OwnerUnknown or OwnerAmbiguous.
	Reason string `json:"reason"`
}

// Held is why a row is out of all processing.
type Held struct {
	// Reason: ExtensionRequested or UnclearMark.
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Step is one thing that the operator does about a row.
type Step struct {
	// Time at or just after which.
	Time string `json:"time"`
	// Action: Notice (owner and admins are told), Summary (the admins are told of marks that were found), CheckKey (AWS
	// is asked whether the key is gone), Expire (the end date has passed), Deactivate, Delete.
	Action string `json:"action"`
	// DaysLeft to the end date, of a Notice; negative after it.
	DaysLeft *int `json:"daysLeft,omitempty"`
	// Text says it in words.
	Text string `json:"text"`
}

// The actions of a Step.
const (
	ActionNotice     = "Notice"
	ActionSummary    = "Summary"
	ActionCheckKey   = "CheckKey"
	ActionExpire     = "Expire"
	ActionDeactivate = "Deactivate"
	ActionDelete     = "Delete"
)

// Problem is a row that a person has to mend, or to make clear.
type Problem struct {
	// Row number in the requests tab, from 1.
	Row int `json:"row"`
	// AccessKeyID as the row has it; absent where it has none that can be read.
	AccessKeyID string `json:"accessKeyID,omitempty"`
	// Reason, such as InvalidDate, DuplicateAccessKeyID, OwnerUnknown, UnclearMark.
	Reason string `json:"reason"`
	// Message names the value and what to do.
	Message string `json:"message"`
	// Invalid: the row becomes no lease, and nothing is done about its key.
	Invalid bool `json:"invalid"`
}
