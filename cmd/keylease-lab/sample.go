package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/world"
)

const (
	requestsTab = "key_request_form"
	usersTab    = "users_json"
)

// What the story is told with.
const (
	keyWholeWay  = "AKIADEMO000000000001" // goes through all four phases
	keyByKubectl = "AKIADEMO000000000004" // extended with kubectl
	keyByMark    = "AKIADEMO000000000005" // extended by the mark
)

// request is a row of the sample; end counts days from today.
type request struct {
	name, purpose, resource string
	end                     int
	user, status, key       string
}

var requests = []request{
	{"鈴木 花子", "月次レポートの集計", "Athena", 8, "svc-report", "", keyWholeWay},
	{"佐藤　健", "動画変換バッチ", "MediaConvert", 7, "svc-transcode", "", "AKIADEMO000000000002"},
	{"高橋一郎", "検証環境の監視", "CloudWatch", -1, "svc-monitor", "", "AKIADEMO000000000003"},
	{"田中 美咲", "外部ベンダーへの一時提供", "S3", 4, "vendor-acme", "", keyByKubectl},
	{"伊藤 翔", "分析基盤へのデータ連携", "Kinesis", 3, "svc-ingest", "上長承認待ち", keyByMark},
	{"中村 さくら", "メール送信", "SES", 5, "svc-mail", "", "AKIADEMO000000000006"},
	{"渡辺 直樹", "ローテーション前の旧キー", "DynamoDB", 1, "svc-orders", "", "AKIADEMO000000000007"},
	{"渡辺 直樹", "ローテーション後の新キー", "DynamoDB", 150, "svc-orders", "", "AKIADEMO000000000008"},
	{"小林 一郎", "請求データの取り込み", "S3", 1, "svc-billing", "", "AKIADEMO000000000009"},
	{"山田 太郎", "CI からの成果物アップロード", "S3", 60, "svc-ci-upload", "", "AKIADEMO000000000010"},
	{"加藤 大輔", "ログ収集", "S3", 0, "svc-logs", "", "AKIADEMO000000000011"},
	{"井上 さやか", "新規申請（発行待ち）", "QuickSight", 90, "svc-quicksight", "", ""},
}

var people = [][2]string{
	{"鈴木", "花子"}, {"佐藤", "健"}, {"高橋", "一郎"}, {"田中", "美咲"}, {"伊藤", "翔"},
	{"渡辺", "直樹"}, {"小林", "一郎"}, {"山田", "太郎"}, {"加藤", "大輔"}, {"井上", "さやか"},
}

// sampleSheet with dates relative to today.
func sampleSheet(today time.Time) (*sheets.Spreadsheet, error) {
	sp := sheets.NewSpreadsheet("アクセスキー申請")
	form, users := sp.AddTab(requestsTab), sp.AddTab(usersTab)
	rows := [][]any{{"タイムスタンプ", "氏名", "利用目的", "申請部署", "AWSリソース名", "メールアドレス", "備考", "アクセスキー利用開始日", "アクセスキー利用終了日", "アカウント名", "状態", "アクセスキーID"}}
	for i, r := range requests {
		var end any = today.AddDate(0, 0, r.end).Format("2006/01/02")
		switch {
		case r.user == "svc-logs":
			end = "来月末" // as people write
		case i%3 == 1: // some cells are real dates
			d := today.AddDate(0, 0, r.end)
			end = sheets.Date(d.Year(), d.Month(), d.Day())
		}
		start := today.AddDate(0, -6, 0).Format("2006/01/02")
		rows = append(rows, []any{"", r.name, r.purpose, "開発部", r.resource, "", "", start, end, r.user, r.status, r.key})
	}
	for _, row := range rows {
		if _, err := form.AppendRow(row...); err != nil {
			return nil, fmt.Errorf("sample sheet: %w", err)
		}
	}
	if _, err := users.AppendRow("ユーザーID", "表示名", "メールアドレス", "姓", "名"); err != nil {
		return nil, fmt.Errorf("sample sheet: %w", err)
	}
	for i, p := range people {
		if _, err := users.AppendRow(fmt.Sprintf("U0DEMO%02d", i+1), p[0]+" "+p[1], "", p[0], p[1]); err != nil {
			return nil, fmt.Errorf("sample sheet: %w", err)
		}
	}
	return sp, nil
}

// seed gives the services what the company has: people in Slack, and in AWS a user, a policy and a key for every row.
func seed(w *world.World, sp *sheets.Spreadsheet, now time.Time) error {
	w.Sheets.Add(world.SpreadsheetID, sp)
	for _, id := range []string{"U0ADMIN01", "U0ADMIN02"} {
		w.Slack.AddUser(slack.User{ID: id, Name: id})
	}
	for _, row := range sp.Tab(usersTab).Texts() {
		if len(row) > 0 && strings.HasPrefix(row[0], "U") {
			w.Slack.AddUser(slack.User{ID: row[0], Name: row[0]})
		}
	}
	created := now.AddDate(0, -6, 0)
	for i, row := range sp.Tab(requestsTab).Texts() {
		if i == 0 || len(row) < 12 {
			continue
		}
		user, key := strings.TrimSpace(row[9]), strings.ToUpper(strings.TrimSpace(row[11]))
		if user != "" && len(key) >= 16 && w.Account.KeyStatus(key) == "" {
			w.Key(user, key, created)
		}
	}
	if w.Account.UserExists("svc-report") {
		w.Account.AddToUser("svc-report", iam.WithVirtualMFA("svc-report"), iam.WithInlinePolicy("s3-read", ""),
			iam.WithGroup("analysts"), iam.WithSSHKey())
	}
	if w.Account.UserExists("svc-billing") {
		w.Account.AddToUser("svc-billing", iam.WithTag(lifecycle.ProtectedTag, "true"))
	}
	return nil
}
