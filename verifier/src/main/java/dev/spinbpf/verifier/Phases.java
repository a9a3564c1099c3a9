package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.CallGraph;
import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.ConstantRegisters;
import dev.spinbpf.verifier.flow.ControlFlow;
import dev.spinbpf.verifier.flow.FastcallPatterns;
import dev.spinbpf.verifier.flow.ProgramRules;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.StackDepth;
import dev.spinbpf.verifier.flow.SubprogArg;
import dev.spinbpf.verifier.flow.SubprogDiscovery;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
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
    public static void run(VerifierEnv env) {
        if (env.length() == 0 || env.length() > KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS) {
            throw env.reject(Errno.E2BIG, "invalid number of instructions: %d", env.length());
        }
        SubprogDiscovery.discover(env);
        SubprogDiscovery.checkJumps(env);
        SubprogDiscovery.checkReturnTypes(env);
        resolveMaps(env);
        ControlFlow.check(env);
        Cfg cfg = Cfg.ofFunctions(env);
        ControlFlow.orderFunctions(env, cfg);
        env.services().rules().checkProgram(env);
        ConstantRegisters.compute(env, cfg);
        if (ConstantRegisters.pruneDeadBranches(env)) {
            cfg = Cfg.ofFunctions(env);
            ControlFlow.orderFunctions(env, cfg);
        }
        CallGraph.sort(env);
        ControlFlow.findLoops(env, cfg);
        env.services().liveness().compute(env);
        FastcallPatterns.mark(env);
        checkFunction(env, 0);
        checkGlobalFunctions(env);
        FastcallPatterns.release(env);
        StackDepth.check(env);
    }

    private static void resolveMaps(VerifierEnv env) {
        ProgramRules rules = env.services().rules();
        Set<Integer> checked = new HashSet<>();
        for (int i = 0; i < env.length(); i++) {
            Insn insn = env.insn(i);
            if (insn.op() == Op.ADDR_SPACE_CAST && insn.imm() != 1 && insn.imm() != 1 << Short.SIZE) {
                throw env.reject(Errno.EINVAL, "addr_space_cast insn can only convert between address space 1 and 0");
            }
            if (insn.op().kind() != Op.Kind.LDDW) {
                continue;
            }
            boolean isValue = insn.op() == Op.LDDW_MAP_VALUE || insn.op() == Op.LDDW_MAP_IDX_VALUE;
            boolean isMap = insn.op() == Op.LDDW_MAP_FD || insn.op() == Op.LDDW_MAP_IDX;
            if (!isValue && !isMap) {
                continue;
            }
            if (insn.immLow() < 0 || insn.immLow() >= env.maps().size()) {
                throw env.reject(Errno.EBADF, "fd %d is not pointing to valid bpf_map", insn.immLow());
            }
            MapInfo map = env.maps().get(insn.immLow());
            if (checked.add(insn.immLow())) {
                if (checked.size() > KernelLimits.MAX_USED_MAPS) {
                    throw env.reject(
                            Errno.E2BIG,
                            "The total number of maps per program has reached the limit of %d",
                            KernelLimits.MAX_USED_MAPS);
                }
                rules.checkMap(env, map);
            }
            if (isValue) {
                checkDirectValue(env, map, insn.immHigh());
            }
        }
    }

    private static void checkDirectValue(VerifierEnv env, MapInfo map, int off) {
        boolean single = map.type() == MapType.ARRAY && map.def().maxEntries() == 1;
        boolean direct = map.type() == MapType.ARRAY || map.type() == MapType.ARENA || map.type() == MapType.INSN_ARRAY;
        if (!direct) {
            throw env.reject(Errno.EINVAL, "no direct value access support for this map type");
        }
        boolean outside = map.type() == MapType.ARRAY && Integer.compareUnsigned(off, map.valueSize()) >= 0;
        if (outside || (map.type() == MapType.ARRAY && !single)) {
            throw env.reject(
                    single ? Errno.EINVAL : Errno.ENOTSUPP,
                    "invalid access to map value pointer, value_size=%d off=%d",
                    map.valueSize(),
                    Integer.toUnsignedLong(off));
        }
    }

    private static void checkGlobalFunctions(VerifierEnv env) {
        if (env.exceptionCallbackSubprog != 0) {
            env.subprog(env.exceptionCallbackSubprog).called = true;
        }
        boolean again = true;
        while (again) {
            again = false;
            for (int i = 1; i < env.subprogs().size(); i++) {
                SubprogInfo subprog = env.subprog(i);
                if (!subprog.global || !subprog.called || subprog.verified) {
                    continue;
                }
                checkFunction(env, i);
                if (env.log().isWanted()) {
                    env.verbose("Func#%d ('%s') is safe for any args that match its prototype\n", i, subprog.name);
                }
                subprog.verified = true;
                again = true;
            }
        }
    }

    /** Verifies the main function, or a global one by its prototype alone. */
    private static void checkFunction(VerifierEnv env, int number) {
        SubprogInfo subprog = env.subprog(number);
        env.nextPass();
        env.clearBranchStack();
        env.services().stateCache().reset(env);
        var state = new VerifierState();
        state.setBranches(1);
        state.setInSleepable(env.program().sleepable());
        state.pushFrame(new FuncState(-1, 0, number));
        SubprogCalls.markAllScratched(env);
        state.setFirstInsn(subprog.start);
        state.setLastInsn(-1);
        env.setState(state);
        env.setInsnIndex(subprog.start);
        if (number == 0) {
            if (env.program().type() == ProgType.EXT) {
                throw new UnsupportedFeature("a program that replaces a function of another one is not supported");
            }
            env.setReg(1, RegState.pointer(RegType.PTR_TO_CTX, 0, RegPayload.NONE));
            if (env.attachTarget != null) {
                env.attachTarget = env.attachTarget.withReferences(env);
            }
        } else {
            setArguments(env, number);
        }
        MainLoop.run(env);
        env.log().reset(0);
    }

    private static void setArguments(VerifierEnv env, int number) {
        SubprogInfo subprog = env.subprog(number);
        if (env.log().isWanted()) {
            env.verbose("Validating %s() func#%d...\n", subprog.name, number);
        }
        List<SubprogArg> args = Prototypes.prepare(env, number);
        if (subprog.isExceptionCallback) {
            env.func().setInExceptionCallback(true);
            if (Prototypes.returnsVoid(env, number)) {
                throw env.reject(Errno.EINVAL, "exception cb cannot return void");
            }
            if (args.size() != 1 || args.getFirst().kind() != SubprogArg.Kind.SCALAR) {
                throw env.reject(Errno.EINVAL, "exception cb only supports single integer argument");
            }
        }
        for (int i = 0; i < args.size(); i++) {
            env.setReg(i + 1, initial(env, args.get(i)));
        }
    }

    private static RegState initial(VerifierEnv env, SubprogArg arg) {
        return switch (arg.kind()) {
            case CTX -> RegState.pointer(RegType.PTR_TO_CTX, 0, RegPayload.NONE);
            case SCALAR, ARENA -> RegState.UNKNOWN;
            case DYNPTR ->
                RegState.pointer(RegType.CONST_PTR_TO_DYNPTR, 0, new RegPayload.Dynptr(DynptrType.LOCAL, true))
                        .withValue(ScalarValue.constant(0))
                        .withId(env.newId());
            case MEM -> {
                RegState reg = RegState.mem(arg.memSize(), arg.flags());
                yield (arg.flags() & TypeFlags.PTR_MAYBE_NULL) != 0 ? reg.withId(env.newId()) : reg;
            }
            case BTF_ID ->
                RegState.btfId(env.kernelTypes(), arg.btfId(), arg.flags()).withId(env.newId());
        };
    }
}
