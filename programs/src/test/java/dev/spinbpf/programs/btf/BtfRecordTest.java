package dev.spinbpf.programs.btf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.BtfField.Kind;
import dev.spinbpf.programs.btf.BtfType.Composite;
import dev.spinbpf.programs.btf.BtfType.Member;
import dev.spinbpf.programs.btf.BtfType.ModifierKind;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BtfRecordTest {
    private static final int E2BIG = -7;
    private static final int EINVAL = -22;

    private static final int INT = 1;
    private static final int SPIN_LOCK = 2;
    private static final int RES_SPIN_LOCK = 3;
    private static final int TIMER = 4;
    private static final int KPTR_TAG = 5;
    private static final int KPTR = 6;
    private static final int LOCK_TYPEDEF = 7;
    private static final int LOCK_ARRAY = 8;
    private static final int KPTR_ARRAY = 9;
    private static final int NESTED = 10;
    private static final int TESTED = 11;

    private static BtfRecord record(long size, Member... members) {
        return BtfRecord.parse(
                types(new Composite("value", false, size, List.of(members))), TESTED, BtfRecord.MAP_VALUE_KINDS, size);
    }

    private static Btf types(BtfType tested) {
        return new Btf(List.of(
                new BtfType.Void(),
                new BtfType.Int("int", 4, 32, 0, true, false, false),
                struct("bpf_spin_lock", 4),
                struct("bpf_res_spin_lock", 4),
                struct("bpf_timer", 16),
                new BtfType.Modifier(ModifierKind.TYPE_TAG, "kptr", SPIN_LOCK),
                new BtfType.Ptr(KPTR_TAG),
                new BtfType.Typedef("lock_t", SPIN_LOCK),
                new BtfType.Array(SPIN_LOCK, INT, 2),
                new BtfType.Array(KPTR, INT, 2),
                new Composite("nested", false, 24, List.of(member(INT, 0), member(TIMER, 8))),
                tested));
    }

    private static Composite struct(String name, long size) {
        return new Composite(name, false, size, List.of());
    }

    private static Member member(int typeId, long offset) {
        return new Member("m" + offset, typeId, offset * 8, 0);
    }

    @Test
    void findsFieldsAtAnyDepthInOrder() {
        BtfRecord record = record(48, member(SPIN_LOCK, 0), member(INT, 4), member(NESTED, 8), member(KPTR_ARRAY, 32));
        assertThat(record.errno()).isZero();
        assertThat(record.fields())
                .extracting(BtfField::kind)
                .containsExactly(Kind.BPF_SPIN_LOCK, Kind.BPF_TIMER, Kind.BPF_KPTR_REF, Kind.BPF_KPTR_REF);
        assertThat(record.fields()).extracting(BtfField::offset).containsExactly(0, 16, 32, 40);
        assertThat(record.fields().get(2).typeId()).isEqualTo(SPIN_LOCK);
    }

    @Test
    void ordinaryValuesHaveNoFields() {
        assertThat(record(8, member(INT, 0), member(INT, 4))).isEqualTo(BtfRecord.EMPTY);
    }

    @Test
    void typedefOfLockIsAnOrdinaryField() {
        assertThat(record(4, member(LOCK_TYPEDEF, 0))).isEqualTo(BtfRecord.EMPTY);
    }

    @Test
    void misalignedLockIsAnOrdinaryField() {
        assertThat(record(8, member(SPIN_LOCK, 2)).fields()).isEmpty();
    }

    @Test
    void refusesTwoLocksOfOneKind() {
        assertThat(record(8, member(SPIN_LOCK, 0), member(SPIN_LOCK, 4)).errno())
                .isEqualTo(E2BIG);
    }

    @Test
    void refusesLocksOfBothKinds() {
        assertThat(record(8, member(SPIN_LOCK, 0), member(RES_SPIN_LOCK, 4)).errno())
                .isEqualTo(EINVAL);
    }

    @Test
    void refusesArrayOfLocks() {
        assertThat(record(8, member(LOCK_ARRAY, 0)).errno()).isEqualTo(EINVAL);
    }

    @Test
    void refusesRootWithoutContainsTag() {
        Btf btf = new Btf(List.of(
                new BtfType.Void(),
                struct("bpf_list_head", 16),
                new Composite("value", false, 16, List.of(member(1, 0)))));
        assertThat(BtfRecord.parse(btf, 2, BtfRecord.MAP_VALUE_KINDS, 16).errno())
                .isEqualTo(EINVAL);
    }

    @Test
    void findsRootWithItsNode() {
        Btf btf = new Btf(List.of(
                new BtfType.Void(),
                struct("bpf_list_head", 16),
                struct("bpf_list_node", 24),
                struct("bpf_spin_lock", 4),
                new Composite("item", false, 32, List.of(new Member("link", 2, 64, 0))),
                new Composite("value", false, 24, List.of(member(1, 0), member(3, 16))),
                new BtfType.DeclTag("contains:item:link", 5, 0)));
        BtfRecord record = BtfRecord.parse(btf, 5, BtfRecord.MAP_VALUE_KINDS, 24);
        assertThat(record.fields())
                .containsExactly(
                        new BtfField(Kind.BPF_LIST_HEAD, 0, 4, "link", 8),
                        new BtfField(Kind.BPF_SPIN_LOCK, 16, 0, null, 0));
    }

    @Test
    void findsGlobalLocksInSections() {
        Btf btf = types(new BtfType.DataSec(".data.A", 16, List.of(new BtfType.SecVar(12, 8, 4))));
        Btf withVariable = new Btf(Stream.concat(
                        IntStream.range(0, btf.size()).mapToObj(btf::type),
                        Stream.of(new BtfType.Var("lock", SPIN_LOCK, BtfType.Linkage.GLOBAL)))
                .toList());
        BtfRecord record = BtfRecord.parse(withVariable, TESTED, BtfRecord.MAP_VALUE_KINDS, 16);
        assertThat(record.at(8)).isEqualTo(new BtfField(Kind.BPF_SPIN_LOCK, 8, 0, null, 0));
        assertThat(record.at(0)).isNull();
    }

    @Test
    void valueThatIsNotAStructIsRefused() {
        Btf btf = types(struct("unused", 1));
        assertThat(BtfRecord.parse(btf, INT, BtfRecord.MAP_VALUE_KINDS, 4).errno())
                .isEqualTo(EINVAL);
    }
}
