package judge

import (
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

func TestAnotherClusterStandsStill(t *testing.T) {
	other := ledger.OtherCluster + "2"
	posted := func(text string) deed {
		return func(l *ledger.Ledger, at time.Time) {
			l.Posts = append(l.Posts, ledger.Post{Stamp: l.Stamp(at, other), To: "U0ADMIN03", Plain: text})
		}
	}
	for want, does := range map[string]deed{
		"4: other-2 did UpdateAccessKey": awsOf(theKey, other, "UpdateAccessKey", "Inactive"),
		"4: other-2 told":                posted(week),
		"4: other-2 wrote": func(l *ledger.Ledger, at time.Time) {
			l.Cells = append(l.Cells, ledger.Cell{Stamp: l.Stamp(at, other), Cell: "K2", New: "通知済み", Key: theKey})
		},
	} {
		t.Run(want, func(t *testing.T) { wholeLife().on("12-02 10:00", "", does).broke(t, want) })
	}
	why := posted("【要対応】申請シートを別のクラスターが使っています")
	for _, f := range wholeLife().on("12-02 10:00", "", why).judged() {
		if f.Invariant == "4 two clusters on one sheet" {
			t.Error(f.Text)
		}
	}
	life().without("removal").without("deleted").without("row deleted").on("12-02 09:00", "", sheet(mode(v1alpha1.ModeDryRun))).on("12-03 09:00", "", why).breaks(t)
}
