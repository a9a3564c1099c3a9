package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.verifier.flow.CallObserver;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.Kfunc;
import dev.spinbpf.verifier.kernel.KfuncTraits;
import dev.spinbpf.verifier.locking.LockUse;
import dev.spinbpf.verifier.locking.ProgramLock;
import dev.spinbpf.verifier.refusal.RefusalKind;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Notes the calls that take locks or work on maps, with what is held, while a program is verified.
 *
 * <p>What must hold: a use is noted once for each call, set of held locks and state of interrupts, on the first path that comes to it
 * so; that is enough, as {@link CallObserver} says. Locks are known by the map or the type that they are in, which is what
 * the verifier compares states by. The key of an element is not part of a lock's name, as states with different keys may be
 * taken for equal.
 */
public final class LockRecorder implements CallObserver {
    /** Most uses that are kept of one program. */
    static final int MAX_USES = 1_000;

    private static final int FLAGS_ARG = 4;

    private final Set<Situation> seen = new HashSet<>();
    private final List<LockUse> uses = new ArrayList<>();
    /** Locks of objects by the call that takes them: the verifier only keeps the types that such a lock is among. */
    private final Map<Integer, ProgramLock> objectLocks = new HashMap<>();

    private boolean isComplete = true;

    /** The identity of a use. */
    private record Situation(
            int insn, @Nullable Object target, List<Integer> heldSince, boolean masked, LockUse.Runner runner) {}

    /** The uses so far, in the order of their first paths. */
    public List<LockUse> uses() {
        return Collections.unmodifiableList(uses);
    }

    /** Returns false if there were more than are kept. */
    public boolean isComplete() {
        return isComplete;
    }

    @Override
    public void calling(Exploration path) {
        Insn insn = path.unit().insn(path.insnIndex());
        LockUse.Act act = insn.op() == Op.CALL_HELPER ? ofHelper(path, insn) : ofKfunc(path, insn);
        if (act == null) {
            return;
        }
        List<Integer> since = new ArrayList<>();
        boolean masked = false;
        for (AcquiredReference reference : path.state().references()) {
            if (reference.type().isLock()) {
                since.add(reference.insn());
            }
            masked |= masks(reference.type());
        }
        if (act instanceof LockUse.Take take && take.lock().kind() == ProgramLock.Kind.OBJECT) {
            objectLocks.put(path.insnIndex(), take.lock());
        }
        var situation = new Situation(path.insnIndex(), target(act), since, masked, runner(path.state()));
        if (seen.contains(situation)) {
            return;
        }
        if (uses.size() == MAX_USES) {
            isComplete = false;
            return;
        }
        seen.add(situation);
        uses.add(use(path, act, situation));
    }

    private static boolean masks(AcquiredReference.Type type) {
        return type == AcquiredReference.Type.IRQ || type == AcquiredReference.Type.LOCK;
    }

    private static @Nullable Object target(LockUse.Act act) {
        return switch (act) {
            case LockUse.Take take -> take.lock();
            case LockUse.MapCall call -> call.index() < 0 ? call.map().name() : call.index();
        };
    }

    private LockUse use(Exploration path, LockUse.Act act, Situation situation) {
        var names = new Names(path);
        var advice = Advice.general(RefusalKind.of("lock-order"));
        PathSteps.Told told = new PathSteps(new Story(path, names), names, path.insnIndex(), advice).told();
        List<LockUse.Hold> holds = new ArrayList<>();
        for (AcquiredReference reference : path.state().references()) {
            if (reference.type().isLock()) {
                ProgramLock lock = reference.lockOwner() instanceof MapInfo map
                        ? lock(names, map)
                        : Objects.requireNonNull(objectLocks.get(reference.insn()));
                holds.add(new LockUse.Hold(lock, names.location(reference.insn())));
            }
        }
        return new LockUse(
                act,
                names.location(path.insnIndex()),
                holds,
                situation.masked(),
                situation.runner(),
                told.steps(),
                told.more());
    }

    private static LockUse.@Nullable Act ofHelper(Exploration path, Insn insn) {
        String name = HelperIds.name(insn.immLow());
        RegState first = path.reg(1);
        if (name == null) {
            return null;
        }
        if (path.unit().kernel().helperSets().traits(name).has(HelperTraits.Trait.TAKES_LOCK)) {
            return take(path, first, AcquiredReference.Type.LOCK);
        }
        if (!first.is(RegType.CONST_PTR_TO_MAP) || !(first.payload() instanceof RegPayload.MapRef ref)) {
            return null;
        }
        MapInfo map = ref.map();
        ProgramLock elementLock = map.hasField(BtfField.Kind.BPF_SPIN_LOCK) ? lock(new Names(path), map) : null;
        return new LockUse.MapCall(name, map.def(), map.index(), constant(path, FLAGS_ARG), elementLock);
    }

    private static @Nullable Integer constant(Exploration path, int register) {
        InsnAux aux = path.unit().aux(path.insnIndex());
        int[] values = aux.constRegValues;
        return values == null || (aux.constRegs >> register & 1) == 0 ? null : Integer.valueOf(values[register]);
    }

    private static LockUse.@Nullable Act ofKfunc(Exploration path, Insn insn) {
        List<KfuncRef> declared = path.unit().object().kfuncs();
        boolean isDeclared = insn.immLow() >= 0 && insn.immLow() < declared.size();
        Kfunc kfunc = !isDeclared
                ? null
                : path.unit().kernel().kfuncs().find(declared.get(insn.immLow()).essentialName());
        if (kfunc == null) {
            return null;
        }
        if (kfunc.has(KfuncTraits.Trait.TAKES_LOCK)) {
            boolean saves = kfunc.has(KfuncTraits.Trait.SAVES_IRQ);
            return take(
                    path, path.reg(1), saves ? AcquiredReference.Type.RES_LOCK_IRQ : AcquiredReference.Type.RES_LOCK);
        }
        return null;
    }

    private static LockUse.@Nullable Act take(Exploration path, RegState pointer, AcquiredReference.Type type) {
        Object owner = pointer.payload() instanceof RegPayload.MapRef ref
                ? ref.map()
                : pointer.payload() instanceof RegPayload.BtfRef object ? object : null;
        return owner == null
                ? null
                : new LockUse.Take(
                        lock(new Names(path), owner),
                        type != AcquiredReference.Type.LOCK,
                        type != AcquiredReference.Type.RES_LOCK);
    }

    private static ProgramLock lock(Names names, @Nullable Object owner) {
        String name = names.lockOf(owner);
        if (owner instanceof MapInfo map) {
            ProgramLock.Kind kind = map.def().isGlobalData() ? ProgramLock.Kind.VARIABLE : ProgramLock.Kind.ELEMENT;
            return new ProgramLock(kind, map.index(), name);
        }
        return new ProgramLock(ProgramLock.Kind.OBJECT, -1, name);
    }

    private static LockUse.Runner runner(VerifierState state) {
        if (!state.frame(0).inAsyncCallback()) {
            return LockUse.Runner.HOOK;
        }
        return state.inSleepable() ? LockUse.Runner.WORK_QUEUE : LockUse.Runner.TIMER;
    }
}
