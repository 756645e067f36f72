package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// deed is what the tests of invariants 4, 6, 8, 9 and 10 enter besides what the others do.
type deed = func(*ledger.Ledger, time.Time)

func both(deeds ...deed) deed {
	return func(l *ledger.Ledger, at time.Time) {
		for _, do := range deeds {
			do(l, at)
		}
	}
}

// request to AWS by the operator, without a line of the audit log.
func request(action string, params map[string]string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		l.AWS = append(l.AWS, ledger.AWS{Stamp: l.Stamp(at, operator), Call: iam.Call{Action: action, Params: params, RequestID: fmt.Sprint(action, at.Unix())}})
	}
}

func line(what string, fields map[string]any) deed {
	return func(l *ledger.Ledger, at time.Time) {
		fields["accessKeyID"], fields["userName"] = theKey, "svc-01"
		l.Audit = append(l.Audit, ledger.Audit{Stamp: l.Stamp(at, operator), What: what, Fields: fields})
	}
}

// change in AWS with its line.
func change(action, target string, params map[string]string) deed {
	return both(request(action, params), func(l *ledger.Ledger, at time.Time) {
		line("aws", map[string]any{"action": action, "target": target, "requestID": fmt.Sprint(action, at.Unix())})(l, at)
	})
}

func ofKey(more ...string) map[string]string {
	p := map[string]string{"AccessKeyId": theKey, "UserName": "svc-01"}
	for i := 0; i+1 < len(more); i += 2 {
		p[more[i]] = more[i+1]
	}
	return p
}

func ofPolicy(name string) map[string]string {
	return map[string]string{"PolicyArn": "arn:aws:iam::123456789012:policy/" + name}
}

func ofUserName(name string) map[string]string { return map[string]string{"UserName": name} }

// people change something in AWS.
func people(action string, params map[string]string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		l.AWS = append(l.AWS, ledger.AWS{Stamp: l.Stamp(at, ledger.Person), Call: iam.Call{Action: action, Params: params}})
	}
}

// written by the operator into the row's cell, with its line.
func written(column, header, old, now string) deed {
	return both(writes("key_request_form", column+"2", header, old, now, theKey), line("cell", map[string]any{"range": "'key_request_form'!" + column + "2", "new": now}))
}

func writes(tab, cell, header, old, now, key string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		l.Cells = append(l.Cells, ledger.Cell{Stamp: l.Stamp(at, operator), Tab: tab, Cell: cell, Old: old, New: now, Key: key, Header: header})
	}
}

const theSnapshot = `{"userName": "svc-01", "attachedPolicies": [{"name": "svc-01", "arn": "arn:aws:iam::123456789012:policy/svc-01", "document": "{}"}]}`

// snapshotOf a user is kept in a Secret; empty: it goes.
func snapshotOf(text string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		secret := ledger.Secret{Stamp: l.Stamp(at, operator), Name: strings.ToLower(theKey) + "-snapshot"}
		if text != "" {
			secret.Data = map[string][]byte{"snapshot.json": []byte(text)}
		}
		l.Secrets = append(l.Secrets, secret)
	}
}

// message with its line.
func message(to, text string) deed {
	return func(l *ledger.Ledger, at time.Time) {
		id := fmt.Sprint(at.Unix(), to)
		l.Posts = append(l.Posts, ledger.Post{Stamp: l.Stamp(at, operator), Message: slack.Message{User: to, Channel: "D" + to, TS: id}, Plain: text})
		line("notice", map[string]any{"recipient": to, "channel": "D" + to, "messageTS": id})(l, at)
	}
}

func calls(service, op string, n int) deed {
	return func(l *ledger.Ledger, at time.Time) {
		for range n {
			l.Calls = append(l.Calls, ledger.Call{Stamp: l.Stamp(at, operator), Service: service, Op: op})
		}
	}
}

// wholeLife of a key as it should be, with all that is to be said of it.
func wholeLife() *story {
	s := (&story{}).
		on("11-02 09:00", "users", users(map[string]string{"山田 太郎": theOwner})).
		on("11-02 09:00", "issue", people("issue key", ofKey())).
		on("11-02 09:00", "row", row(ledger.Person)).
		on("11-02 09:00", "sheet", sheet(func(s *v1alpha1.AccessKeySheet) {
			s.Spec.Schedule.NoticeDays = []int32{7}
			s.Spec.Requests = v1alpha1.RequestsTab{Tab: "key_request_form", Columns: v1alpha1.RequestColumns{Status: "K", EndDate: "I"}}
		})).
		on("11-02 09:01", "lease", lease(operator)).
		on("11-02 09:01", "created", line("created", map[string]any{"endDate": "2026-12-08"})).
		on("11-02 09:01", "pinned", line("pinned", map[string]any{"userID": "AIDA1"})).
		on("12-01 15:00", "notice", message(theOwner, week)).
		on("12-01 15:00", "copy", message(admin, week)).
		on("12-01 15:01", "notified", both(written("K", headStatus, "", "通知済み"), row(operator, mark("通知済み")))).
		on("12-09 15:04", "decided", line("decided", map[string]any{"action": "Revoke", "endDate": "2026-12-08"})).
		on("12-09 15:05", "snapshot", snapshotOf(theSnapshot)).
		on("12-09 15:05", "deactivate", change("UpdateAccessKey", theKey+":Inactive", ofKey("Status", "Inactive"))).
		on("12-09 15:05", "delete", change("DeleteAccessKey", theKey, ofKey())).
		on("12-09 15:06", "user", change("DeleteUser", "svc-01", ofUserName("svc-01"))).
		on("12-09 15:07", "policy", change("DeletePolicy", "arn:aws:iam::123456789012:policy/svc-01", ofPolicy("svc-01"))).
		on("12-09 15:08", "complete", line("complete", map[string]any{"reason": "EndDatePassed"})).
		on("12-09 15:09", "told", message(theOwner, "削除しました "+theKey)).
		on("12-09 15:09", "told admin", message(admin, "削除しました "+theKey)).
		on("12-09 15:10", "revoked", both(written("K", headStatus, "通知済み", "削除済み"), row(operator, mark("削除済み"))))
	for d := time.Date(2026, 11, 2, 9, 5, 0, 0, japan); d.Before(time.Date(2026, 12, 31, 0, 0, 0, 0, japan)); d = d.Add(6 * time.Hour) {
		s.entries = append(s.entries, entry{d, "call", calls("google", "read", 1)})
	}
	return s
}

// judged by the checks of deeds.
func (s *story) judged() []Finding {
	slices.SortStableFunc(s.entries, func(a, b entry) int { return a.at.Compare(b.at) })
	l, j := ledger.New(), &Judge{checks: deeds()}
	var found []Finding
	for _, e := range s.entries {
		e.do(l, e.at)
		found = append(found, j.Step(l)...)
	}
	return append(found, j.End(l)...)
}

// right checks that nothing is found.
func (s *story) right(t *testing.T) {
	t.Helper()
	for _, f := range s.judged() {
		t.Errorf("found: %s: %s", f.Invariant, f.Text)
	}
}

// rightOf checks that nothing is found of the invariants whose names begin so.
func (s *story) rightOf(t *testing.T, invariant string) {
	t.Helper()
	for _, f := range s.judged() {
		if strings.HasPrefix(f.Invariant, invariant) {
			t.Errorf("found: %s: %s", f.Invariant, f.Text)
		}
	}
}

// broke checks that something is found, whatever else is: "4: " and a part of the text.
func (s *story) broke(t *testing.T, want string) {
	t.Helper()
	number, text, _ := strings.Cut(want, ": ")
	found := s.judged()
	if !slices.ContainsFunc(found, func(f Finding) bool {
		return strings.HasPrefix(f.Invariant, number+" ") && strings.Contains(f.Text, text)
	}) {
		t.Errorf("it is not found, but %v", found)
	}
}

func TestAWholeLifeIsRight(t *testing.T) { wholeLife().right(t) }

func TestNothingOfOthersIsTouched(t *testing.T) {
	wholeLife().on("12-09 15:06", "mfa", change("DeactivateMFADevice", "arn:mfa/x", map[string]string{"UserName": "svc-01", "SerialNumber": "arn:mfa/x"})).
		on("12-09 15:07", "mfa", change("DeleteVirtualMFADevice", "arn:mfa/x", map[string]string{"SerialNumber": "arn:mfa/x"})).right(t)
	for want, s := range map[string]*story{
		"4: never stood in a row":          wholeLife().on("12-10 10:00", "other", both(line("decided", map[string]any{}), request("UpdateAccessKey", ofKey("AccessKeyId", "AKIAOTHER", "Status", "Inactive")))),
		"4: no row of the key names":       wholeLife().without("row").on("11-02 09:00", "row", row(ledger.Person, user("svc-99"))),
		"4: AKIASECOND lives":              wholeLife().on("12-01 10:00", "second", people("issue key", ofKey("AccessKeyId", "AKIASECOND"))).without("delete user"),
		"4: protected since":               wholeLife().on("12-05 10:00", "tag", people("protect user", ofUserName("svc-01"))),
		"4: console password since":        wholeLife().on("12-05 10:00", "password", people("give user password", ofUserName("svc-01"))),
		"4: another user has had":          wholeLife().on("12-05 10:00", "anew", people("recreate user", ofUserName("svc-01"))),
		"4: outside of the path":           wholeLife().on("12-05 10:00", "path", sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.AWS.UserPathPrefix = "/apps/" })),
		"4: others have used it":           wholeLife().on("12-05 10:00", "share", people("share policy", ofUserName("svc-01"))),
		"4: no user that was deleted":      wholeLife().without("policy").on("12-09 15:07", "policy", change("DeletePolicy", "arn:aws:iam::123456789012:policy/others", ofPolicy("others"))),
		"4: taken from no user":            wholeLife().on("12-09 15:07", "mfa", change("DeleteVirtualMFADevice", "arn:mfa/y", map[string]string{"SerialNumber": "arn:mfa/y"})),
		"4: has no reason":                 wholeLife().on("12-09 15:07", "tag", change("TagUser", "svc-01", ofUserName("svc-01"))),
		"4: did not deactivate it":         wholeLife().on("11-04 10:00", "off", people("deactivate key", ofKey())).on("11-05 10:00", "activate", change("UpdateAccessKey", theKey+":Active", ofKey("Status", "Active"))),
		"4: no key of that user that stoo": wholeLife().on("11-05 10:00", "leave", change("DeleteLoginProfile", "svc-01", ofUserName("svc-07"))),
	} {
		t.Run(want, func(t *testing.T) { s.broke(t, want) })
	}
}

func TestWhatIsDeletedIsInASnapshotBefore(t *testing.T) {
	instead := func(text string) *story {
		return wholeLife().without("snapshot").on("12-09 15:05", "snapshot", snapshotOf(text))
	}
	detach := change("DetachUserPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", map[string]string{"UserName": "svc-01", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
	instead(`{"userName": "svc-01", "attachedPolicies": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"arn": "arn:aws:iam::123456789012:policy/svc-01", "document": "{}"}]}`).
		on("12-09 15:05", "detach", detach).right(t)
	for want, s := range map[string]*story{
		"4: no snapshot has that user":   wholeLife().without("snapshot"),
		"4: and no snapshot has that us": instead(`{"userName": "svc-02"}`),
		"4: no snapshot has that policy": instead(`{"userName": "svc-01", "attachedPolicies": [{"arn": "arn:aws:iam::123456789012:policy/svc-01"}]}`),
		"4: DetachUserPolicy":            wholeLife().on("12-09 15:05", "detach", detach),
		"4: DeleteUserPolicy":            wholeLife().on("12-09 15:05", "inline", change("DeleteUserPolicy", "svc-01/own", map[string]string{"UserName": "svc-01", "PolicyName": "own"})),
		"4: no snapshot has that group":  wholeLife().on("12-09 15:05", "leave", change("RemoveUserFromGroup", "svc-01/team", map[string]string{"UserName": "svc-01", "GroupName": "team"})),
		"4: DeletePolicy map":            wholeLife().on("12-09 15:06", "gone", snapshotOf("")),
	} {
		t.Run(want, func(t *testing.T) { s.broke(t, want) })
	}
}

func TestOnlyOwnCellsAreWritten(t *testing.T) {
	s := wholeLife().on("11-20 10:00", "person", both(act("mark"), row(ledger.Person, mark("要確認")))).
		without("notified").without("revoked").
		on("12-01 15:01", "notified", both(written("K", headStatus, "要確認", "通知済み 要確認"), row(operator, mark("通知済み 要確認")))).
		on("12-09 15:10", "revoked", both(written("K", headStatus, "通知済み 要確認", "削除済み　要確認"), row(operator, mark("削除済み　要確認"))))
	s.right(t)
	extended := wholeLife().without("lease").
		on("11-02 09:01", "lease", lease(ledger.Person)).
		on("11-03 10:00", "date", both(written("I", headEnds, "2026/12/01", "2026/12/08"), row(operator)))
	extended.right(t)

	for want, s := range map[string]*story{
		"6: a remark of a person is lost":  wholeLife().on("11-20 10:00", "x", writes("key_request_form", "K2", headStatus, "要確認", "通知済み", theKey)),
		"6: the column is people's":        wholeLife().on("11-20 10:00", "x", writes("key_request_form", "K2", "アカウント名", "", "通知済み", theKey)),
		"6: it is not the requests tab":    wholeLife().on("11-20 10:00", "x", writes("users_json", "K2", headStatus, "", "通知済み", theKey)),
		"6: no key in that row":            wholeLife().on("12-02 10:00", "x", writes("key_request_form", "K9", headStatus, "", "通知済み", "")),
		"6: that is no mark":               wholeLife().on("12-02 10:00", "x", writes("key_request_form", "K2", headStatus, "", "done", theKey)),
		"6: the key lives":                 wholeLife().on("12-02 10:00", "x", writes("key_request_form", "K2", headStatus, "通知済み", "削除済み", theKey)),
		"6: nobody was told of the key":    wholeLife().on("11-02 10:00", "x", writes("key_request_form", "K2", headStatus, "", "通知済み", theKey)),
		"6: nobody asked for that date":    wholeLife().on("11-20 10:00", "x", writes("key_request_form", "I2", headEnds, "2026/12/08", "2026/12/30", theKey)),
		"6: the date has another form":     wholeLife().on("11-03 10:00", "patch", lease(ledger.Person, until("2026-12-30"))).on("11-03 10:01", "read", calls("google", "read", 1)).on("11-03 10:01", "x", writes("key_request_form", "I2", headEnds, "2026/12/08", "2026-12-30", theKey)),
		"6: the mode is DryRun":            wholeLife().on("11-10 10:00", "dry", sheet(mode(v1alpha1.ModeDryRun))),
		"6: mark of a person holds":        wholeLife().on("11-20 10:00", "ask", both(act("mark"), row(ledger.Person, mark("延長申請済み")))).on("12-02 10:00", "x", writes("key_request_form", "K2", headStatus, "延長申請済み", "通知済み", theKey)).without("notified"),
		"6: a person says that the key is": wholeLife().on("11-20 10:00", "says", both(act("mark"), row(ledger.Person, mark("削除済み")))).on("12-02 10:00", "x", writes("key_request_form", "K2", headStatus, "削除済み", "", theKey)).without("notified"),
	} {
		t.Run(want, func(t *testing.T) { s.broke(t, want) })
	}
}

func TestAWriteBesideAMoveOfRowsIsNotBlamed(t *testing.T) {
	at := func(row int) func(*ledger.Row) { return func(r *ledger.Row) { r.Row = row } }
	lines := func(texts ...string) deed {
		return func(l *ledger.Ledger, at time.Time) {
			for _, text := range texts {
				line("cell", map[string]any{"range": "K3", "new": text})(l, at)
			}
		}
	}
	race := func(moves deed) *story {
		return wholeLife().on("12-01 15:05", "race", both(calls("google", "read", 1), act("sort"), moves, writes("key_request_form", "K3", headStatus, "要確認", "通知済み", ""))).
			on("12-01 15:06", "put back", both(calls("google", "read", 1), writes("key_request_form", "K3", headStatus, "通知済み", "要確認", "AKIAOTHER"))).
			on("12-01 15:06", "lines", lines("通知済み", "要確認"))
	}
	away := both(row(ledger.Person, at(3)), row(ledger.Person, at(2)))
	race(away).right(t)
	race(act("insert-column")).right(t)
	race(rowOf("AKIAOTHER", ledger.Person, at(9), times(0))).broke(t, "6: no key in that row") // another row moved
	race(both()).broke(t, "6: no key in that row")

	cut := func(cell, old string) *story {
		return wholeLife().on("12-01 15:05", "race", both(calls("google", "read", 1), act("cut-row"), away, writes("key_request_form", "K3", headStatus, "", "通知済み", ""))).
			on("12-01 15:06", "take back", both(calls("google", "read", 1), writes("key_request_form", cell, headStatus, old, "", ""), lines("通知済み", "")))
	}
	cut("K3", "通知済み").right(t)
	cut("K3", "要確認").broke(t, "6: no key in that row")
}

func TestAMarkOrDateBelongsToTheEndDate(t *testing.T) {
	moved := both(lease(operator, until("2026-12-20")), line("change", map[string]any{"old": "2026-12-08", "new": "2026-12-20"}))
	notified := writes("key_request_form", "K2", headStatus, "", "通知済み", theKey)
	wholeLife().on("12-05 10:00", "move", moved).on("12-05 11:00", "x", notified).broke(t, "6: nobody was told of that end date")
	wholeLife().on("12-05 10:00", "move", moved).on("12-05 10:05", "x", notified).rightOf(t, "6 ")
	expired := writes("key_request_form", "K2", headStatus, "通知済み", "期限切れ", theKey)
	wholeLife().on("12-08 23:00", "x", expired).broke(t, "6: its end date has not passed")
	wholeLife().on("12-09 00:01", "x", expired).rightOf(t, "6 ")

	dated := writes("key_request_form", "I2", headEnds, "2026/12/08", "2026/12/30", theKey)
	patched := func(back string) *story {
		return wholeLife().on("11-03 10:00", "patch", lease(ledger.Person, until("2026-12-30"))).
			on("11-10 10:00", "back", lease(operator, until("2026-12-08"))).on(back, "x", dated)
	}
	patched("11-09 10:00").rightOf(t, "6 ")
	patched("11-11 10:00").broke(t, "6: nobody asked for that date")
}

func TestInTheEndAllIsDone(t *testing.T) {
	calm := func(s *story) *story { return s.on("12-10 10:00", "calm", act("calm")) }
	calm(wholeLife()).right(t)
	later := func() *story {
		return wholeLife().without("deactivate").without("delete").without("user").without("policy").without("complete").without("revoked").
			on("12-09 10:00", "moved", row(ledger.Person, ends("2027/03/31"))).on("12-09 10:01", "taken", lease(operator, until("2027-03-31")))
	}
	for want, s := range map[string]*story{
		"8: and it lives":                      wholeLife().without("deactivate").without("delete").without("user").without("policy").without("complete").without("revoked"),
		"8: it has no lease":                   (&story{entries: wholeLife().entries[:4]}).on("12-25 10:00", "call", calls("google", "read", 1)),
		"8: its user svc-01 is still there":    wholeLife().without("user").without("policy"),
		"8: the policy of that name":           wholeLife().without("policy"),
		"8: its row says":                      wholeLife().without("revoked"),
		"8: no admin was told":                 wholeLife().without("told admin"),
		"8: its owner U0OWNER001 was not told": wholeLife().without("told"),
		"8: and the lease 2026-12-20":          wholeLife().without("delete").without("user").without("revoked").on("11-20 10:00", "lease", lease(operator, until("2026-12-20"))),
		"10: no line says that this is comple": wholeLife().without("complete"),
		`8: its row says "通知済み"`:               later(),
	} {
		t.Run(want, func(t *testing.T) { calm(s).broke(t, want) })
	}
	calm(later().on("12-09 10:01", "cleared", both(written("K", headStatus, "通知済み", ""), row(operator, mark(""))))).rightOf(t, "8 ")
	sorted := wholeLife().without("deactivate").without("delete").without("user").without("policy").without("complete").without("revoked")
	for n := range 30 { // rows that move are no changes
		sorted.on("12-10 09:00", "sort", row(ledger.Person, func(r *ledger.Row) { r.Row = n + 5 }))
	}
	calm(sorted).broke(t, "8: and it lives")
	kept := wholeLife().without("deactivate").without("delete").without("user").without("policy").without("complete").without("revoked").without("told").without("told admin").
		on("12-02 10:00", "asks", row(ledger.Person, mark("延長申請済み")))
	calm(kept).right(t)
}

func TestCallsAndStatusAreBounded(t *testing.T) {
	for want, s := range map[string]*story{
		"9: 2000 calls since":                  wholeLife().on("12-09 15:05", "loop", calls("aws", "GetUser", 2100)),
		"9: calls to slack within an hour":     wholeLife().on("11-20 10:00", "hot", calls("slack", "chat.postMessage", 900)),
		"9: 5 calls to google write within an": wholeLife().on("11-20 10:00", "hot", calls("google", "write", 5)),
		`9: "通知済み" was written into K2 11 times`: wholeLife().on("11-20 10:00", "script", func(l *ledger.Ledger, at time.Time) {
			for range 11 {
				writes("key_request_form", "K2", headStatus, "", "通知済み", theKey)(l, at)
			}
		}),
		"9: a status of": wholeLife().on("11-20 10:00", "big", func(l *ledger.Ledger, at time.Time) {
			o := l.Sheets[0].Object.DeepCopy()
			o.Status.Conditions = []metav1.Condition{{Message: strings.Repeat("x", 70<<10)}}
			l.Sheets = append(l.Sheets, ledger.Sheet{Stamp: l.Stamp(at, operator), Name: "requests", Object: o})
		}),
	} {
		t.Run(want, func(t *testing.T) { s.broke(t, want) })
	}
}

func TestATroubleIsNoRest(t *testing.T) {
	asked := wholeLife().on("11-20 10:00", "hot", calls("api", "get", 27))
	asked.broke(t, "9: 27 calls to api")
	asked.on("11-18 11:00", "trouble", func(l *ledger.Ledger, at time.Time) {
		l.Acts = append(l.Acts, ledger.Act{Stamp: l.Stamp(at, ledger.Person), Verb: "aws", Args: []string{"any", "ServiceUnavailable", "172800"}})
	}).right(t)
}

func TestTheAuditLogTellsWhatHappenedAndNothingElse(t *testing.T) {
	lost := func(l *ledger.Ledger, at time.Time) {
		request("DeleteAccessKey", ofKey())(l, at)
		l.AWS[len(l.AWS)-1].Lost = true
		line("aws", map[string]any{"action": "DeleteAccessKey", "target": theKey, "error": "connection lost"})(l, at)
		line("aws", map[string]any{"action": "DeleteAccessKey", "target": theKey, "requestID": "", "found": "carried out"})(l, at)
	}
	wholeLife().without("delete").on("12-09 15:05", "delete", lost).right(t)
	for want, s := range map[string]*story{
		"10: no line tells of DeleteUser":      wholeLife().without("user").on("12-09 15:06", "user", request("DeleteUser", ofUserName("svc-01"))),
		"10: no line tells of the message":     wholeLife().on("12-05 10:00", "post", post(admin, "hello")),
		"10: no line tells of the cell K2":     wholeLife().without("revoked").on("12-09 15:10", "x", writes("key_request_form", "K2", headStatus, "通知済み", "削除済み", theKey)),
		"10: no line tells of the decision":    wholeLife().without("decided"),
		"10: there is no such message":         wholeLife().on("12-05 10:00", "x", line("notice", map[string]any{"recipient": admin, "channel": "D1", "messageTS": "1.0"})),
		"10: names neither the key":            wholeLife().on("12-05 10:00", "x", message(admin, "hello")),
		"10: AWS carried out no such request":  wholeLife().on("12-05 10:00", "x", line("aws", map[string]any{"action": "DeleteUser", "target": "svc-01", "requestID": "none"})),
		"10: nobody did that":                  wholeLife().on("12-05 10:00", "x", line("aws", map[string]any{"action": "DeleteUser", "target": "svc-01", "requestID": "", "found": "carried out"})),
		`10: the line "complete"`:              wholeLife().on("12-05 10:00", "x", line("complete", map[string]any{"reason": "KeyAlreadyGone"})),
		"10: the request was DeleteAccessKey ": wholeLife().on("12-10 10:00", "x", line("aws", map[string]any{"action": "DeleteUser", "target": "svc-01", "requestID": fmt.Sprint("DeleteAccessKey", time.Date(2026, 12, 9, 15, 5, 0, 0, japan).Unix())})),
	} {
		t.Run(want, func(t *testing.T) { s.broke(t, want) })
	}
}
