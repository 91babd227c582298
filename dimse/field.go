package dimse

import "fmt"

// CommandField says what a message is (PS3.7 section E.1).
type CommandField uint16

// The command fields of PS3.7 table E.1-1 that this package speaks.
const (
	CStoreRQ        CommandField = 0x0001
	CStoreRSP       CommandField = 0x8001
	CGetRQ          CommandField = 0x0010
	CGetRSP         CommandField = 0x8010
	CFindRQ         CommandField = 0x0020
	CFindRSP        CommandField = 0x8020
	CMoveRQ         CommandField = 0x0021
	CMoveRSP        CommandField = 0x8021
	CEchoRQ         CommandField = 0x0030
	CEchoRSP        CommandField = 0x8030
	NEventReportRQ  CommandField = 0x0100
	NEventReportRSP CommandField = 0x8100
	NActionRQ       CommandField = 0x0130
	NActionRSP      CommandField = 0x8130
	CCancelRQ       CommandField = 0x0FFF
)

// responseBit is set in the field of every response.
const responseBit = 0x8000

// IsResponse reports whether the message answers another.
func (f CommandField) IsResponse() bool { return f&responseBit != 0 }

// Response is the field of the answer to f.
func (f CommandField) Response() CommandField { return f | responseBit }

// named reports whether the message names another by its id instead of having
// one: responses, and C-CANCEL (PS3.7 table 9.3-5 and following).
func (f CommandField) named() bool { return f.IsResponse() || f == CCancelRQ }

// cancellable reports whether C-CANCEL may end the operation.
func (f CommandField) cancellable() bool { return f == CFindRQ || f == CGetRQ || f == CMoveRQ }

func (f CommandField) hasPriority() bool { return f == CStoreRQ || f.cancellable() }

// String is the standard's name of the message.
func (f CommandField) String() string {
	switch f {
	case CStoreRQ:
		return "C-STORE-RQ"
	case CStoreRSP:
		return "C-STORE-RSP"
	case CGetRQ:
		return "C-GET-RQ"
	case CGetRSP:
		return "C-GET-RSP"
	case CFindRQ:
		return "C-FIND-RQ"
	case CFindRSP:
		return "C-FIND-RSP"
	case CMoveRQ:
		return "C-MOVE-RQ"
	case CMoveRSP:
		return "C-MOVE-RSP"
	case CEchoRQ:
		return "C-ECHO-RQ"
	case CEchoRSP:
		return "C-ECHO-RSP"
	case NEventReportRQ:
		return "N-EVENT-REPORT-RQ"
	case NEventReportRSP:
		return "N-EVENT-REPORT-RSP"
	case NActionRQ:
		return "N-ACTION-RQ"
	case NActionRSP:
		return "N-ACTION-RSP"
	case CCancelRQ:
		return "C-CANCEL-RQ"
	}
	return fmt.Sprintf("command %04X", uint16(f))
}

// Priority of an operation (PS3.7 section 9.1.2.1).
type Priority uint16

// The priorities of PS3.7 table E.1-1.
const (
	Medium Priority = 0
	High   Priority = 1
	Low    Priority = 2
)
