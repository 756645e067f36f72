package e2e

import "fmt"

// The keys of the company's sheet, named after what is special about them. testdata/company/EXPECTED.md says what must
// come of each.
const (
	distantKey     = "AKIAKEYLEASE00000001" // ends in a month
	reportKey      = "AKIAKEYLEASE00000002" // svc-report, the plain case: its notice is due today, a week before its end, and it is deleted on December 9th at 15:00
	lateKey        = "AKIAKEYLEASE00000003" // ends in four days: the day of its notice was missed
	expiredKey     = "AKIAKEYLEASE00000004" // ended yesterday, and nobody was told
	toldExpiredKey = "AKIAKEYLEASE00000005" // ended yesterday, and its mark says that its owner was told
	extendedKey    = "AKIAKEYLEASE00000006" // is over and says that an extension was asked for
	deletedKey     = "AKIAKEYLEASE00000007" // says that it was deleted, and nothing of it is left in AWS
	alikeKey       = "AKIAKEYLEASE00000008" // has an owner whose name is contained in that of another
	strangerKey    = "AKIAKEYLEASE00000009" // has an owner who is no user
	backwardsKey   = "AKIAKEYLEASE00000011" // ends before it begins: its row is refused
	fullWidthKey   = "AKIAKEYLEASE00000015" // has its dates in full-width digits
	inWordsKey     = "AKIAKEYLEASE00000016" // has its dates as 2026年12月24日
	bareDigitsKey  = "AKIAKEYLEASE00000017" // has its dates as 20270131
	rotatedOutKey  = "AKIAKEYLEASE00000018" // ended yesterday; its user has a newer key
	rotatedInKey   = "AKIAKEYLEASE00000019" // is that newer key
	namesakeKey    = "AKIAKEYLEASE00000020" // has an owner whom two users are called like
	markupKey      = "AKIAKEYLEASE00000021" // has markup, mentions and a formula in its cells
	wordyKey       = "AKIAKEYLEASE00000022" // has a purpose that no message can hold
	blanksKey      = "AKIAKEYLEASE00000023" // has blanks around its values and a key ID in small letters
	toldTodayKey   = "AKIAKEYLEASE00000024" // ends today, and its mark says that its owner was told
	renewedKey     = "AKIAKEYLEASE00000028" // says that an extension was asked for, and has its new date already
	zombieKey      = "AKIAKEYLEASE00000029" // says that it was deleted, and is alive in AWS
	unclearKey     = "AKIAKEYLEASE00000030" // has a mark that could mean two things
	remarkKey      = "AKIAKEYLEASE00000031" // has a remark in its status cell
)

// The rows in which they stand.
const (
	distantRow     = 2
	reportRow      = 3
	lateRow        = 4
	expiredRow     = 5
	toldExpiredRow = 6
	extendedRow    = 7
	deletedRow     = 8
	alikeRow       = 9
	strangerRow    = 10
	backwardsRow   = 12
	pendingRow     = 15 // has no key yet
	fullWidthRow   = 17
	inWordsRow     = 18
	bareDigitsRow  = 19
	rotatedOutRow  = 20
	rotatedInRow   = 21
	namesakeRow    = 22
	markupRow      = 23
	wordyRow       = 24
	blanksRow      = 25
	toldTodayRow   = 26
	renewedRow     = 30
	zombieRow      = 31
	unclearRow     = 32
	remarkRow      = 33
)

// reportUser is the user of reportKey.
const reportUser = "svc-report"

// The first rows of a sheet, below its header: where rows move, or a sheet is small.
const (
	firstRow = iota + 2
	secondRow
	thirdRow
)

// claimCell is where a sheet says whose it is, in tests in which it does.
const claimCell = "Z1"

// The cells of a row, as people and spec.requests.columns name them.
func nameCell(row int) string     { return fmt.Sprint("B", row) }
func purposeCell(row int) string  { return fmt.Sprint("C", row) }
func resourceCell(row int) string { return fmt.Sprint("E", row) }
func startCell(row int) string    { return fmt.Sprint("H", row) }
func endCell(row int) string      { return fmt.Sprint("I", row) }
func userCell(row int) string     { return fmt.Sprint("J", row) }
func statusCell(row int) string   { return fmt.Sprint("K", row) }
func keyCell(row int) string      { return fmt.Sprint("L", row) }
