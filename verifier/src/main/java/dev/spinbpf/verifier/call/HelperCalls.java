package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.check.RawMemory;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.AllowedTargets;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import java.util.Objects;

/** Calls of helpers: Linux's {@code check_helper_call}. */
final class HelperCalls {

    private final HelperArgs args;
    private final MemoryAccess memory;

    HelperCalls(MemoryAccess memory) {
        this.args = new HelperArgs(memory);
        this.memory = memory;
    }

    /** Name of the helper as messages show it. */
    static String name(int id) {
        String name = HelperIds.name(id);
        return name == null ? "unknown" : name;
    }

    void check(Exploration path, Insn insn, int insnIndex) {
        int id = (int) insn.imm();
        String name = name(id);
        HelperTraits traits = path.unit().kernel().helperSets().traits(name);
        if (path.state().activeLocks() > 0 && !traits.has(Trait.UNDER_LOCK)) {
            throw path.reject(Errno.EINVAL, Message.CALL_UNDER_LOCK);
        }
        HelperMeta meta = new HelperMeta(id, name, prototype(path, id, name));
        for (int i = 0; i < KernelLimits.MAX_BPF_FUNC_REG_ARGS; i++) {
            args.check(path, i, meta, insnIndex);
        }
        checkMap(path, meta);
        checkTailCall(path, meta);
        fillRawMemory(path, meta, insnIndex);
        HelperEffects effects = new HelperEffects(path, meta, insn, insnIndex);
        effects.release();
        effects.apply();

        RegState r1 = path.reg(1);
        Registers.clearCallerSaved(path, path.func());
        HelperReturns.set(path, meta, insnIndex, r1);
        MapRules.checkHelper(path, meta.map, meta);
        if (meta.has(Trait.FUNCTION_ADDRESS)) {
            checkFuncIp(path, meta);
        }
        if (meta.has(Trait.TAIL_CALL)) {
            tailCall(path);
        } else if (meta.has(Trait.CHANGES_PACKETS) || effects.writtenThroughDynptr()) {
            PacketAccess.invalidateAll(path.state());
        }
    }

    private static HelperProto prototype(Exploration path, int id, String name) {
        if (id < 0 || id >= HelperIds.BPF_FUNC_MAX_ID) {
            throw path.reject(Errno.EINVAL, Message.INVALID_FUNC, name, id);
        }
        HelperProto proto = path.unit().kernel().helperSets().find(path.unit().program(), name);
        if (proto == null) {
            throw path.reject(Errno.EINVAL, Message.HELPER_NOT_ALLOWED_FOR_TYPE, name, id);
        }
        if (proto.gplOnly() && !path.unit().object().isGplCompatible()) {
            throw path.reject(Errno.EINVAL, Message.HELPER_NEEDS_GPL);
        }
        String condition = proto.allowed();
        if (condition != null
                && !AllowedTargets.holds(
                        path.unit().kernel(), condition, path.unit().program())) {
            throw path.reject(Errno.EINVAL, Message.HELPER_NOT_ALLOWED_IN_PROBE);
        }
        if (proto.mightSleep() && !CriticalSections.maySleep(path.state())) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.SLEEPABLE_HELPER_CALLED,
                    name,
                    id,
                    CriticalSections.nonSleepableDescription(path.state()));
        }
        return proto;
    }

    private static void checkMap(Exploration path, HelperMeta meta) {
        if (!meta.has(Trait.RECORDS_MAP)) {
            return;
        }
        MapInfo map = Objects.requireNonNull(meta.map);
        MapRules.checkWritable(path, map, meta);
    }

    private static void checkTailCall(Exploration path, HelperMeta meta) {
        if (!meta.has(Trait.TAIL_CALL)) {
            return;
        }
        MapInfo map = meta.map;
        if (map == null || map.type() != MapType.PROG_ARRAY) {
            throw path.reject(Errno.EINVAL, Message.TAIL_CALL_NEEDS_PROG_ARRAY);
        }
        RegState key = path.reg(3);
        boolean known = key.isScalar()
                && key.isConst()
                && Long.compareUnsigned(key.constValue(), map.def().maxEntries()) < 0;
        if (known) {
            path.services().precision().markChain(path, 3);
        }
    }

    private void fillRawMemory(Exploration path, HelperMeta meta, int insnIndex) {
        RawMemory raw = meta.filled;
        if (raw == null || !raw.isUsed()) {
            return;
        }
        for (int i = 0; i < raw.sizeBytes(); i++) {
            memory.checkAccess(path, insnIndex, path.reg(raw.regno()), Registers.name(raw.regno()), i, 1, true);
        }
    }

    private static void checkFuncIp(Exploration path, HelperMeta meta) {
        switch (path.unit().program().type()) {
            case KPROBE -> {
                // Fine.
            }
            case TRACING -> {
                switch (path.unit().program().attachType()) {
                    case TRACE_FENTRY,
                            TRACE_FEXIT,
                            MODIFY_RETURN,
                            TRACE_FSESSION,
                            TRACE_FENTRY_MULTI,
                            TRACE_FEXIT_MULTI,
                            TRACE_FSESSION_MULTI -> {
                        // Fine.
                    }
                    default ->
                        throw path.reject(
                                Errno.ENOTSUPP, Message.HELPER_ONLY_FOR_TRACING_TRAMPOLINES, meta.name, meta.id);
                }
            }
            default ->
                throw path.reject(
                        Errno.ENOTSUPP,
                        Message.HELPER_NOT_SUPPORTED_FOR_TYPE,
                        meta.name,
                        meta.id,
                        path.unit().program().type().number());
        }
    }

    /** A tail call that succeeds leaves the frame: in the main program nothing is left to do, else the caller goes on. */
    private static void tailCall(Exploration path) {
        if (path.state().curframe() == 0) {
            return;
        }
        if (path.func().inCallback()) {
            throw path.reject(Errno.EINVAL, Message.TAIL_CALL_IN_CALLBACK);
        }
        path.log().markRegScratched(0);
        path.pushStack(path.insnIndex() + 1, path.insnIndex());
        PacketAccess.invalidateAll(path.state());
        path.setReg(0, RegState.UNKNOWN);
        path.services().callbacks().returnFromFrame(path);
    }

    /** Flags of a possibly null pointer that a helper returns, without that possibility. */
    static int certain(int flags) {
        return flags & ~TypeFlags.PTR_MAYBE_NULL;
    }
}
