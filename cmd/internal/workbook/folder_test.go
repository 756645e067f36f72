package workbook

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestABlankLineOfACSVFileIsABlankRow(t *testing.T) {
	got, err := readCSV([]byte("\xef\xbb\xbfa,b\r\n\r\n\"c\nd\",\"e\"\n\nf\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{"a", "b"}, nil, {"c\nd", "e"}, nil, {"f"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFileThatIsNotUTF8IsRefusedWithWhatToDo(t *testing.T) {
	if _, err := readCSV([]byte("\x8e\x81\x96\xbc,x\n")); err == nil { // 氏名 in Shift_JIS
		t.Error("no error")
	}
}
