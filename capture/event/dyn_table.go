package event

// Tables of the parameters whose type depends on another parameter: the first byte of the value is the index.
const (
	dynNone uint8 = iota
	dynSockopt
	dynPtrace
	dynBpf
	dynKeyctl
)

var dynTables = [...][]Param{
	dynSockopt: {{"", KindByteBuf, FmtHex, 0}, {"", KindErrno, FmtDec, 0}, {"", KindUint32, FmtDec, 0}, {"", KindUint64, FmtDec, 0}, {"", KindRelTime, FmtDec, 0}},
	dynPtrace:  {{"", KindUint64, FmtHex, 0}, {"", KindSigType, FmtDec, 0}},
	dynBpf:     {{"", KindFD, FmtDec, 0}, {"", KindErrno, FmtDec, 0}},
	dynKeyctl:  {{"", KindInt64, FmtDec, 0}, {"", KindCharBuf, FmtNA, 0}},
}
