package state

import (
	"slices"

	"scry/capture/event"
)

type handler = func(*Tables, *event.Event, *thread)

// handlers says what moves the tables, by event type.
var handlers = [event.NumTypes]handler{
	event.CloneV11X: onClone, event.CloneV16X: onClone, event.CloneV17X: onClone, event.CloneV20X: onClone,
	event.ForkX: onClone, event.ForkV17X: onClone, event.ForkV20X: onClone,
	event.VforkX: onClone, event.VforkV17X: onClone, event.VforkV20X: onClone, event.Clone3X: onClone,

	event.ExecveV8X: onExec, event.ExecveV13X: onExec, event.ExecveV14X: onExec, event.ExecveV15X: onExec, event.ExecveV16X: onExec,
	event.ExecveV17X: onExec, event.ExecveV18X: onExec, event.ExecveV19X: onExec, event.ExecveatX: onExec,

	event.ProcexitE: onProcexit, event.ProcexitV1E: onProcexit,

	event.OpenX: onOpen, event.CreatX: onCreat, event.OpenatX: onOpenatOld, event.OpenatV2X: onOpenat, event.Openat2X: onOpenat,
	event.OpenByHandleAtX: onOpenByHandle,
	event.CloseX:          onClose, event.CloseRangeX: onCloseRange,
	event.DupX: onDup, event.DupV1X: onDup, event.Dup2X: onDup, event.Dup3X: onDup, event.FcntlX: onFcntl,
	event.PipeX: onPipe, event.Pipe2X: onPipe,
	event.EventfdX: onNewFD(event.FDEventFD), event.Eventfd2X: onNewFD(event.FDEventFD),
	event.SignalfdX: onNewFD(event.FDSignalFD), event.Signalfd4X: onNewFD(event.FDSignalFD),
	event.TimerfdCreateX: onNewFD(event.FDTimerFD),
	event.InotifyInitX:   onNewFD(event.FDInotify), event.InotifyInit1X: onNewFD(event.FDInotify),
	event.EpollCreateX: onNewFD(event.FDEventPoll), event.EpollCreate1X: onNewFD(event.FDEventPoll),
	event.IoUringSetupX: onNewFD(event.FDIOURing), event.BpfV2X: onNewFD(event.FDBPF), event.UserfaultfdX: onNewFD(event.FDUserFault),
	event.MemfdCreateX: onMemfd, event.PidfdOpenX: onPidfdOpen, event.PidfdGetfdX: onPidfdGetfd,

	event.SocketX: onSocket, event.BindX: onBind, event.ListenX: onListen, event.ConnectX: onConnect, event.SocketpairX: onSocketpair,
	event.AcceptX: onAccept, event.AcceptV5X: onAccept, event.Accept4X: onAccept, event.Accept4V5X: onAccept, event.Accept4V6X: onAccept,
	event.RecvfromX: onTraffic, event.RecvmsgX: onTraffic, event.RecvmmsgX: onTraffic, event.RecvX: onTraffic, event.ReadX: onTraffic,
	event.ReadvX: onTraffic, event.SendtoX: onTraffic, event.SendmsgX: onTraffic, event.SendmmsgX: onTraffic, event.SendX: onTraffic,
	event.WriteX: onTraffic, event.WritevX: onTraffic,

	event.ChdirX: onChdir, event.FchdirX: onFchdir, event.GetcwdX: onGetcwd, event.ChrootX: onChroot,
	event.SetsidX: onSetsid, event.SetpgidX: onSetpgid, event.PrctlX: onPrctl,
	event.SetuidX: onSetuid, event.SetresuidX: onSetuid, event.SetreuidX: onSetuid,
	event.SetgidX: onSetgid, event.SetresgidX: onSetgid, event.SetregidX: onSetgid,
	event.CapsetX: onCapset, event.UnshareX: onNamespaces, event.SetnsX: onNamespaces,
	event.GetrlimitX: onRlimit, event.SetrlimitX: onRlimit, event.PrlimitX: onPrlimit,
	event.BrkV4X: onMemory, event.MmapX: onMemory, event.Mmap2X: onMemory, event.MunmapX: onMemory,

	event.SchedswitchV1E: onSwitch, event.SchedswitchV6E: onSwitch, event.ProcinfoE: onProcinfo,
	event.ContainerE: onContainer, event.ContainerJsonE: onContainerJSON, event.ContainerJsonV2E: onContainerJSON, event.AsynceventE: onAsync,
	event.K8sE:       onKube,
	event.UserAddedE: onUser, event.UserDeletedE: onUser, event.GroupAddedE: onGroup, event.GroupDeletedE: onGroup,
}

// keepEnters are the enters whose parameters their exits need: in old captures only the enter has them.
var keepEnters = []event.Type{
	event.OpenE, event.CreatE, event.OpenatE, event.OpenatV2E, event.Openat2E, event.ExecveV18E, event.ExecveV19E, event.ExecveatE,
	event.ConnectE, event.SocketE, event.EventfdE, event.SendtoE, event.SendmsgE, event.SendmmsgE, event.SetuidE, event.SetgidE,
	event.SetresuidE, event.SetresgidE, event.SetpgidE, event.FchdirE, event.GetrlimitE, event.SetrlimitE, event.PrlimitE, event.UnshareE,
	event.SetnsE, event.FcntlE, event.DupE, event.SignalfdE, event.TimerfdCreateE, event.InotifyInitE, event.LinkatE, event.UnlinkatE,
}

// creations are the exits of the calls that create threads.
var creations = []event.Type{
	event.CloneV11X, event.CloneV16X, event.CloneV17X, event.CloneV20X, event.ForkX, event.ForkV17X, event.ForkV20X,
	event.VforkX, event.VforkV17X, event.VforkV20X, event.Clone3X,
}

// noQuery are the types whose thread, when it is not known, stays unknown: it may be a kernel thread, or not born yet.
var noQuery = append(slices.Clip(creations), event.SchedswitchV1E, event.SchedswitchV6E, event.ProcexitE, event.ProcexitV1E)

// Creates reports whether t is the exit of a call that creates threads.
func Creates(t event.Type) bool { return slices.Contains(creations, t) }
