package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.call.MapRules;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.CallGraph;
import dev.spinbpf.verifier.flow.ConstantRegisters;
import dev.spinbpf.verifier.flow.ControlFlow;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.FastcallPatterns;
import dev.spinbpf.verifier.flow.JumpTables;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.StackDepth;
import dev.spinbpf.verifier.flow.SubprogArg;
import dev.spinbpf.verifier.flow.SubprogDiscovery;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.SubprogTrace;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.prune.LivenessPass;
import dev.spinbpf.verifier.state.DynptrType;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** All phases of a verification in their order: Linux's {@code bpf_check}. */
final class Phases {

    private Phases() {}

    /** Verifies; returns if the program may run, else throws a rejection or names what is not supported. */
    static void run(Exploration path, LivenessPass liveness) {
        analyse(path.unit(), path.services().calls(), path.log());
        if (path.unit().exceptionCallbackSubprog != 0) {
            SubprogTrace handler = path.subprogTrace(path.unit().exceptionCallbackSubprog);
            handler.isCallback = true;
            handler.isAsyncCallback = true;
        }
        liveness.compute(path.unit(), path.services().calls(), path.log());
        if (path.log().isDetailed()) {
            path.services().printer().printLiveRegs(path);
        }
        FastcallPatterns.mark(path);
        checkFunction(path, 0, path.unit().program().sleepable());
        checkGlobalFunctions(path);
        FastcallPatterns.release(path);
        StackDepth.check(path);
    }

    /** Finds out what the program's text alone tells, and refuses what it alone forbids. */
    private static void analyse(ProgramUnit unit, CallChecker calls, VerifierLog log) {
        if (unit.length() == 0 || unit.length() > KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS) {
            throw log.reject(Errno.E2BIG, Message.INVALID_NUMBER_OF_INSNS, unit.length());
        }
        SubprogDiscovery.discover(unit, calls, log);
        if (log.isDetailed()) {
            for (int i = 0; i < unit.subprogs().size(); i++) {
                log.narrate("func#%d @%d\n", i, unit.subprog(i).start);
            }
        }
        SubprogDiscovery.checkJumps(unit, log);
        SubprogDiscovery.checkReturnTypes(unit, log);
        resolveMaps(unit, log);
        ControlFlow.check(unit, calls, log);
        ControlFlow.orderFunctions(unit);
        ProgramChecks.check(unit, log);
        ConstantRegisters.compute(unit);
        if (ConstantRegisters.pruneDeadBranches(unit)) {
            ControlFlow.orderFunctions(unit);
        }
        CallGraph.sort(unit, log);
        if (log.isDetailed()) {
            for (int i = 0; i < unit.subprogTopoOrder.length; i++) {
                log.narrate("topo_order[%d] = %s\n", i, unit.subprog(unit.subprogTopoOrder[i]).name);
            }
        }
        ControlFlow.findLoops(unit);
    }

    private static void resolveMaps(ProgramUnit unit, VerifierLog log) {
        Set<Integer> checked = new HashSet<>();
        for (int i = 0; i < unit.length(); i++) {
            Insn insn = unit.insn(i);
            if (insn.op() == Op.ADDR_SPACE_CAST && insn.imm() != 1 && insn.imm() != 1 << Short.SIZE) {
                throw log.reject(Errno.EINVAL, Message.ADDR_SPACE_CAST_BETWEEN_0_AND_1);
            }
            if (!insn.op().loadsMap()) {
                continue;
            }
            boolean isValue = insn.op() == Op.LDDW_MAP_VALUE || insn.op() == Op.LDDW_MAP_IDX_VALUE;
            if (insn.immLow() < 0 || insn.immLow() >= unit.maps().size()) {
                throw log.reject(Errno.EBADF, Message.FD_NOT_A_MAP, insn.immLow());
            }
            MapInfo map = unit.maps().get(insn.immLow());
            if (map.type() == MapType.INSN_ARRAY && !unit.kernel().hasMaps(map.type())) {
                throw log.reject(
                        Errno.EINVAL,
                        Message.JUMP_TABLE_NOT_MADE,
                        unit.program().name());
            }
            if (checked.add(insn.immLow())) {
                if (map.type() == MapType.PERCPU_ARRAY
                        && map.def().isGlobalData()
                        && !unit.kernel().hasPercpuData()) {
                    throw log.reject(Errno.EINVAL, Message.FD_NOT_A_MAP, insn.immLow());
                }
                if (checked.size() > KernelLimits.MAX_USED_MAPS) {
                    throw log.reject(Errno.E2BIG, Message.TOO_MANY_MAPS, KernelLimits.MAX_USED_MAPS);
                }
                MapRules.checkProgram(unit, log, map);
                if (map.type() == MapType.INSN_ARRAY) {
                    JumpTables.checkMap(unit, log, map);
                }
            }
            if (isValue) {
                checkDirectValue(unit, log, map, insn.immHigh());
            }
        }
    }

    private static void checkDirectValue(ProgramUnit unit, VerifierLog log, MapInfo map, int off) {
        boolean isPercpuData =
                map.type() == MapType.PERCPU_ARRAY && unit.kernel().hasPercpuData();
        boolean isArray = map.type() == MapType.ARRAY || isPercpuData;
        boolean single = isArray && map.def().maxEntries() == 1;
        boolean direct = isArray || map.type() == MapType.ARENA || map.type() == MapType.INSN_ARRAY;
        if (!direct) {
            throw log.reject(Errno.EINVAL, Message.NO_DIRECT_VALUE_ACCESS);
        }
        if (map.type() == MapType.INSN_ARRAY
                && (off % Long.BYTES != 0 || Integer.toUnsignedLong(off) / Long.BYTES >= JumpTables.count(map))) {
            throw log.reject(
                    Errno.EACCES, Message.INVALID_DIRECT_VALUE_ACCESS, map.valueSize(), Integer.toUnsignedLong(off));
        }
        boolean outside = isArray && Integer.compareUnsigned(off, map.valueSize()) >= 0;
        if (outside || (isArray && !single)) {
            throw log.reject(
                    single ? Errno.EINVAL : Errno.ENOTSUPP,
                    Message.INVALID_DIRECT_VALUE_ACCESS,
                    map.valueSize(),
                    Integer.toUnsignedLong(off));
        }
    }

    private static void checkGlobalFunctions(Exploration path) {
        if (path.unit().exceptionCallbackSubprog != 0) {
            SubprogTrace handler = path.subprogTrace(path.unit().exceptionCallbackSubprog);
            handler.calledSleepable = path.unit().program().sleepable();
            handler.calledAtomic = !handler.calledSleepable;
        }
        boolean again = true;
        while (again) {
            again = false;
            for (int i = 1; i < path.unit().subprogs().size(); i++) {
                SubprogTrace trace = path.subprogTrace(i);
                if (!path.unit().subprog(i).global) {
                    continue;
                }
                if (trace.calledAtomic && !trace.verifiedAtomic) {
                    checkGlobalFunction(path, i, false);
                    trace.verifiedAtomic = true;
                    again = true;
                }
                if (trace.calledSleepable && !trace.verifiedSleepable) {
                    checkGlobalFunction(path, i, true);
                    trace.verifiedSleepable = true;
                    again = true;
                }
            }
        }
    }

    private static void checkGlobalFunction(Exploration path, int number, boolean sleepable) {
        checkFunction(path, number, sleepable);
        if (path.log().isWanted()) {
            String name = path.unit().subprog(number).name;
            path.log().narrate("Func#%d ('%s') is safe for any args that match its prototype\n", number, name);
        }
    }

    /** Verifies the main function, or a global one by its prototype alone. */
    private static void checkFunction(Exploration path, int number, boolean sleepable) {
        SubprogInfo subprog = path.unit().subprog(number);
        path.nextPass();
        path.clearBranchStack();
        path.services().stateCache().reset();
        var state = new VerifierState();
        state.setBranches(1);
        state.setInSleepable(sleepable);
        state.pushFrame(new FuncState(-1, 0, number));
        SubprogCalls.markAllScratched(path);
        state.setFirstInsn(subprog.start);
        state.setLastInsn(-1);
        path.setState(state);
        path.setInsnIndex(subprog.start);
        if (number == 0 && !path.unit().isExtension()) {
            path.setReg(1, RegState.pointer(RegType.PTR_TO_CTX, 0, RegPayload.NONE));
            if (path.unit().attachTarget != null) {
                path.unit().attachTarget = path.unit().attachTarget.withReferences(path);
            }
        } else {
            setArguments(path, number);
        }
        int before = path.insnProcessed;
        try {
            MainLoop.run(path);
        } finally {
            path.subprogTrace(number).insnsInPasses += path.insnProcessed - before;
        }
        path.log().reset(0);
    }

    private static void setArguments(Exploration path, int number) {
        SubprogInfo subprog = path.unit().subprog(number);
        if (path.log().isWanted()) {
            path.log().narrate("Validating %s() func#%d...\n", subprog.name, number);
        }
        List<SubprogArg> args = Prototypes.prepare(path, number);
        if (subprog.isExceptionCallback) {
            path.func().setInExceptionCallback(true);
            if (Prototypes.returnsVoid(path, number)) {
                throw path.reject(Errno.EINVAL, Message.EXCEPTION_CB_RETURNS_VOID);
            }
            if (args.size() != 1 || args.getFirst().kind() != SubprogArg.Kind.SCALAR) {
                throw path.reject(Errno.EINVAL, Message.EXCEPTION_CB_ARGUMENTS);
            }
        }
        for (int i = 0; i < args.size(); i++) {
            path.setReg(i + 1, initial(path, args.get(i)));
        }
    }

    private static RegState initial(Exploration path, SubprogArg arg) {
        return switch (arg.kind()) {
            case CTX -> RegState.pointer(RegType.PTR_TO_CTX, 0, RegPayload.NONE);
            case SCALAR, ARENA -> RegState.UNKNOWN;
            case DYNPTR ->
                RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, new RegPayload.Dynptr(DynptrType.LOCAL, true))
                        .withValue(ScalarValue.constant(0))
                        .withId(path.newId());
            case MEM -> {
                RegState reg = RegState.mem(arg.memSize(), arg.flags());
                yield (arg.flags() & TypeFlags.PTR_MAYBE_NULL) != 0 ? reg.withId(path.newId()) : reg;
            }
            case BTF_ID ->
                RegState.btfId(path.unit().kernelTypes(), arg.btfId(), arg.flags())
                        .withId(path.newId());
        };
    }
}
