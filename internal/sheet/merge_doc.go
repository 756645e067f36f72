// Package sheet merges a row and its lease by the rules below; [Merge] and the files merge_*.go name each of them where
// it is carried out.
//
// # What is compared
//
// A date or mark has changed on a side when it is not what that side had when both were last merged. status.sheet keeps
// that side by side: endDate is what both agreed on; rowEndDate and leaseEndDate are what either had where that is
// another; extensionMark says which of the two had the mark, against which date it was put, and whether Keylease put it.
// Where the two differ, the row waits for what the lease has. The agreed date moves only to what both sides have
// (but D-owned at first sight and R-back: to the lease's).
//
// # D: the end date
//
//	rule        sheet       lease       result
//	----------  ----------  ----------  -----------------------------------------------------------------------
//	D-same      =           =           agreed
//	D-same      changed     same value  agreed; told as Extended or Shortened
//	D-sheet     changed     =           the sheet's goes into the spec; told
//	D-lease     =           changed     the lease's goes into the cell, with the mark: M-extend; told
//	D-waiting   =           =, another  as D-lease: written again, told no more
//	D-arrived   the lease's any         the write was done: that is agreed, and what the row had last
//	            last
//	D-conflict  changed     changed, or the later one wins, as D-sheet or D-lease; told as EndDateConflict
//	                        =, another
//	D-owned     changed     =, owned    another manager owns the lease's: kept and held (FieldOwnedElsewhere) until both say
//	                                    the same, and told once for each date of the row's (refusedEndDate); so too a
//	                                    conflict whose later date is the sheet's. What either had before stays
//	R-invalid   unreadable  any         see R: nothing moves
//	R-gone      removed     any         see R: the lease's own date runs
//	–           any         removed,    cannot be: the CRD refuses both
//	                        unreadable
//
// # M: the extension mark (延長申請済み; the lease's is spec.extensionRequested)
//
//	rule         sheet             lease       result
//	-----------  ----------------  ----------  ----------------------------------------------------------------
//	M-same       =                 =           as it is
//	M-same       changed           changed     alike, nothing to write; a new mark holds the date the row had before
//	M-sheet      changed: put      =           the lease is held at the date that the row had before: where the date
//	                                           moved too, the mark is spent and the lease runs
//	M-together   changed: put      any         within ten minutes of the reading that saw the row's date move to a later
//	                                           one (movedFrom): put against the date before that, so that the lease runs
//	M-sheet      removed           =           the hold goes
//	M-lease      =                 changed: 1  the mark is wanted in the cell, the lease is held at the date it had before
//	M-lease      =                 removed: 0  the mark is wanted out of the cell, the hold goes
//	M-waiting    =                 =, another  written again
//	M-conflict   changed           changed     apart, which only a waiting row allows: the held side wins
//	M-extend     any but closed    any         with D-lease, unless Exempt: wanted in the cell, put against the row's former
//	                                           date, so that the lease runs with its new one
//	                                           unless a person had asked already, it is Keylease's (byKeylease): it holds no
//	                                           date
//	M-undone     any               =           the date is again the one that Keylease's mark was put against: the mark goes
//	                                           (but Exempt, and an owned 1)
//	M-retract    not there         any         another date was agreed before the row had the lease's: Keylease's mark is
//	                                           not written
//	M-closed     削除済み, unclear  any         the mark that stood there is gone; the lease's wish waits
//	M-unclear    unclear           any         held (UnclearMark)
//	M-flag-owned any               0, owned    another manager owns the flag: never written; its 0 is no wish
//	M-flag-owned any but closed    1, owned    its 1 stands whatever the row does: the mark is put back into the cell
//	R-invalid, R-gone: as below    –           the flag cannot be unreadable or removed: it has a default
//
// A mark holds the date that it was put against (extensionMark.endDate); with another date it is spent and the lease runs.
// Exempt: it holds whatever the date. See [Holding].
//
// # T: the text of the status cell
//
//	T-new     no phase yet                        no own mark: left alone, but for F-early and the extension mark
//	T-closed  unclear, or 削除済み by a person      left alone; 削除済み sets markedDeleted
//	T-held    FieldOwnedElsewhere                 left alone: a mark that is wanted waits
//	          the lease carries a mark            it stays, and is written where M-lease or M-extend want it
//	T-stale   the term is of another date, or     own marks left alone; the term decides, not the spec's date: that is
//	          none has begun                      one before the merge is applied and another after
//	T-spent   spent, lease Notified or Expired    the phase's mark takes its place, the lease's flag goes
//	T-found   Active with a foundMark             left alone: it stands for the notice until the admins' summary is out
//	T-own     Active, Notified, Expired           no mark (a spent one stays), 通知済み, 期限切れ
//	T-read    any                                 status.sheet.mark is the cell as it was last accepted
//
// The remark always stays. Where mark and remark are as wanted nothing is written.
//
// # S: everything else in the spec
//
//	S-row     the row's texts go into the spec, a start date behind the end date left out
//	S-back    where another manager wrote any of the lease's, that is told as SpecReverted once, of whichever side is new
//
// # F: first sight
//
// Nothing was ever agreed: no lease, one made with kubectl on a row that exists, one made again, or a crash before the
// first status. The row wins (but D-owned).
//
//	F-extension  延長申請済み        held at the row's date
//	F-found      通知済み, 期限切れ   first notice due for that date: foundMark, which spares the owner a second one
//	F-early      通知済み, 期限切れ   not due: ignored, and wanted out of the cell until a term begins; then T-own
//	F-flag-owned flag 1, owned     M-flag-owned: held at the date, the mark is wanted in the cell
//	F-term       foundMark         goes when the date moves
//	             削除済み           markedDeleted
//
// # R: no usable row
//
//	R-invalid  invalid, or another user or account  held (InvalidRow); status.sheet, spec and cell stay otherwise
//	R-gone     gone                                 all stays, hold and mark included; row 0. A lease's flag can still be
//	                                                put and taken back (but M-flag-owned)
//	R-back     the row is usable again              the sheet's date wins over what the lease was given meanwhile (but
//	                                                D-owned; a row that waited before is D-waiting or D-conflict);
//	                                                all else is merged as any other
//
// # X: leases whose spec cannot change (Revoked, or the key is being deleted)
//
//	X-confirmed  AWS confirmed                      削除済み with the remark is written back; nothing holds
//	X-unclear    otherwise, unclear                 held
//	X-extension  otherwise, 延長申請済み              held; taken into the spec as soon as it can be
//	X-moved      Revoked by mark alone, mark gone,  held until the date is merged
//	             date moved
//	X-late       the key is being deleted, date     refused, told once (refusedEndDate)
//	             moved
//	X-expired    the key is being deleted           期限切れ
//
// # W: writing
//
// W-dry-run: DryRun decides and remembers all the same, and writes no cell. What the lease has is recorded before the cell
// is written, so a crash or a failed write between is done again by the next merge (D-waiting, M-waiting), and one that
// did arrive is recognised (D-arrived, M-same). [Written] says so as soon as it was read back: what a person then writes is
// an edit of the new value, not a conflict with the old one.
package sheet
