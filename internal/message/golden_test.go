package message_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

// nestedBrackets is what people stumble over: a date with its weekday, put between brackets.
var nestedBrackets = regexp.MustCompile(`[（(][^（()）]*[（(]`)

var adminKinds = []string{
	v1alpha1.NoticeKeyStillExists, v1alpha1.NoticeRowGone, v1alpha1.NoticeDateConflict, v1alpha1.NoticeFieldOwned,
	v1alpha1.NoticeStalled, v1alpha1.NoticeProtected, v1alpha1.NoticeRecentlyUsed, v1alpha1.NoticeLastUseUnknown,
}

var ownerKinds = []string{v1alpha1.NoticeExpiry, v1alpha1.NoticeDeactivated, v1alpha1.NoticeRevoked}

var sheetKinds = []string{
	v1alpha1.NoticeInvalidRows, v1alpha1.NoticeUnclearMarks, v1alpha1.NoticeFoundMarks, v1alpha1.NoticeSheetGuard,
	v1alpha1.NoticeBreaker, v1alpha1.NoticeForeignClaim, v1alpha1.NoticeWeeklySummary, v1alpha1.NoticeUnleasedKeys,
	v1alpha1.NoticeCheckFailed, v1alpha1.NoticeWrongAccount, v1alpha1.NoticeSharedKeys, v1alpha1.NoticeUnreadable,
}

func TestEachNoticeReadsAsItsGoldenFile(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		for _, kind := range append(append([]string{}, ownerKinds...), adminKinds...) {
			for _, audience := range []message.Audience{message.ToOwner, message.ToAdmin} {
				n := aNotice(kind, audience)
				switch kind {
				case v1alpha1.NoticeRevoked:
					n.Today, n.DeleteAt, n.Lease.Status.Revocation = "2026-12-09", time.Time{}, aRevocation()
					n.Lease.Status.Revocation.KeyDeletedTime = aDayAfterItsUse()
				case v1alpha1.NoticeKeyStillExists, v1alpha1.NoticeProtected, v1alpha1.NoticeRecentlyUsed, v1alpha1.NoticeLastUseUnknown, v1alpha1.NoticeStalled:
					n.Today = "2026-12-09"
				case v1alpha1.NoticeDeactivated:
					n.Today, n.DeleteAt, n.Lease.Status.Revocation = "2026-12-09", time.Date(2026, 12, 16, 15, 0, 0, 0, jst), aDeactivation()
				}
				if audience == message.ToAdmin {
					n.Plan = aPlan()
					n.Detail = "the detail of the operator"
					if kind == v1alpha1.NoticeStalled {
						n.Reason = "AccessDenied"
					}
				} else if !contains(ownerKinds, kind) {
					continue
				}
				m, err := own.Notice(lang, n)
				if err != nil {
					t.Fatal(err)
				}
				expectGolden(t, fmt.Sprintf("%s/%s_%s.json", lang, kind, audience), m)
			}
		}
	}
}

func TestEachSheetMessageReadsAsItsGoldenFile(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		for _, kind := range sheetKinds {
			ms, err := own.Sheet(lang, aSheetMessage(kind))
			if err != nil {
				t.Fatal(err)
			}
			if len(ms) != 1 {
				t.Fatalf("%s: %d messages, want 1", kind, len(ms))
			}
			expectGolden(t, fmt.Sprintf("%s/%s.json", lang, kind), ms[0])
		}
	}
}

func aSheetMessage(kind string) message.SheetMessage {
	m := message.SheetMessage{
		Kind: kind, Namespace: "keylease", SheetName: "key-requests", Tab: "key_request_form",
		SheetURL: "https://docs.google.com/spreadsheets/d/1duJ/edit", Detail: "the detail of the operator",
	}
	switch kind {
	case v1alpha1.NoticeInvalidRows:
		m.Items = []message.Item{
			{Row: 11, AccessKeyID: "AKIAKEYLEASE00000010", UserName: "svc-logs", OwnerName: "加藤 大輔", Reason: v1alpha1.RowInvalidDate, Value: "来月末",
				Detail: `end date "来月末": use YYYY/MM/DD`},
			{Row: 28, AccessKeyID: "AKIA123", UserName: "svc-short", OwnerName: "岡田 准", Reason: v1alpha1.RowAccessKeyIDInvalid, Value: "AKIA123"},
		}
	case v1alpha1.NoticeUnclearMarks:
		m.Items = []message.Item{{Row: 32, AccessKeyID: "AKIAKEYLEASE00000030", UserName: "svc-unclear", OwnerName: "坂本 龍", EndDate: "2026-12-04", Reason: v1alpha1.ReasonUnclearMark, Value: "延長不要"}}
	case v1alpha1.NoticeFoundMarks:
		m.Items = []message.Item{{Row: 6, AccessKeyID: "AKIAKEYLEASE00000005", UserName: "vendor-acme", OwnerName: "田中 美咲", EndDate: "2026-11-30", DeleteAt: time.Date(2026, 12, 2, 15, 0, 0, 0, jst)}}
	case v1alpha1.NoticeSheetGuard:
		m.Approval, m.Items = "4f2a90c1", []message.Item{{Reason: v1alpha1.ReasonTooManyChanges}}
	case v1alpha1.NoticeForeignClaim:
		m.Approval, m.Items = "Keylease keylease/key-requests, cluster 7a11, since 2026-12-01T06:00:00Z", []message.Item{{Reason: kind}}
	case v1alpha1.NoticeCheckFailed:
		m.Items = []message.Item{{Reason: "AccessDenied"}}
	case v1alpha1.NoticeWrongAccount:
		m.Items = []message.Item{{Reason: kind}}
	case v1alpha1.NoticeBreaker:
		m.Approval, m.Items = "2026-12-09=40", []message.Item{{Reason: v1alpha1.ReasonBreakerOpen}}
	case v1alpha1.NoticeSharedKeys:
		m.Items = []message.Item{{Row: 3, AccessKeyID: "AKIAKEYLEASE00000002", Reason: v1alpha1.RowAlsoInAnotherSheet, Value: "staging/key-requests"}}
	case v1alpha1.NoticeWeeklySummary, v1alpha1.NoticeUnleasedKeys:
		m.Items = []message.Item{{AccessKeyID: "AKIAKEYLEASE00000006", UserName: "svc-ingest", OwnerName: "伊藤 翔", EndDate: "2026-11-20", Reason: v1alpha1.ReasonExtensionRequested}}
	}
	return m
}

func expectGolden(t *testing.T, name string, m message.Message) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	// Word joiners are made visible, so that the file can be reviewed.
	text := strings.ReplaceAll(m.Text, "\u2060", "[WJ]")
	if err := enc.Encode(map[string]any{"text": text, "blocks": m.Blocks}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./internal/message -update)", err)
	}
	if nested := nestedBrackets.FindString(got.String()); nested != "" {
		t.Errorf("%s has brackets within brackets: %s", path, nested)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s differs (-want +got; write it anew with: go test ./internal/message -update):\n%s", path, diff)
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
