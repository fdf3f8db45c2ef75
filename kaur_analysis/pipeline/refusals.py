"""What a statistical refusal means for an office: numeric rooms speak English, the pipeline Indonesian.

A refusal is told by its kind and its facts, never by its words.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from kaur_analysis.errors import DataRejected, EstimationError, mask

Given = ParamSpec("Given")
Result = TypeVar("Result")

MEANINGS = {
    "welfare_missing": "pengeluaran tidak terisi pada {count} rumah tangga survei. Isi, atau keluarkan dari "
    "sumber survei.",
    "welfare_not_positive": "pengeluaran nol atau negatif pada {count} rumah tangga survei. Periksa satuan dan kolom "
    "pengeluarannya; pengeluaran per orang per bulan harus di atas nol.",
    "welfare_negative": "pengeluaran negatif pada {count} rumah tangga survei. Periksa kolom pengeluarannya.",
    "welfare_reproduced": "satu atau beberapa peubah sudah memuat pengeluaran itu sendiri, sehingga tidak ada "
    "yang perlu "
    "ditaksir. Buang peubah itu dari model.covariates.",
    "line_not_positive": "garis kemiskinan harus di atas nol. Periksa lines di berkas studi.",
    "line_separates_nobody": "garis kemiskinan tidak memisahkan siapa pun: semua rumah tangga survei miskin, "
    "atau tidak "
    "satu pun. Periksa garis (rupiah per orang per bulan) dan satuan pengeluaran survei (times atau unit di "
    "sumbernya).",
    "covariate_constant": "peubah {covariate} bernilai sama pada semua rumah tangga survei. Buang dari "
    "model.covariates.",
    "covariate_absent": "peubah {covariate} tidak ada di survei atau di registri. Periksa model.covariates.",
    "covariate_missing": "peubah {covariate} kosong pada {count} baris. Lengkapi, atau buang dari model.covariates.",
    "covariates_dependent": "peubah-peubah ini saling menentukan: {covariates}. Buang salah satunya dari "
    "model.covariates.",
    "level_unseen": "peubah {covariate} memuat jawaban yang tidak pernah ada di survei, pada {count} keluarga. Periksa "
    "padanan kodenya.",
    "too_few_records": "survei hanya memuat {count} rumah tangga, terlalu sedikit untuk {coefficients} "
    "koefisien. Kurangi "
    "model.covariates, atau pakai survei yang lebih besar.",
    "areas_unmatched": "kecamatan di survei tidak ada di registri: {areas}. Periksa kode kecamatan kedua sumber.",
    "areas_too_few": "survei hanya memuat {count} kecamatan atau blok sensus yang terisi cukup, sehingga perbedaan "
    "antarwilayah tidak dapat ditaksir. Pakai survei yang lebih besar, atau area_effects: unconditional.",
    "area_missing": "kolom {column} (kecamatan atau blok sensus) kosong pada {count} baris. Lengkapi kolom itu.",
    "target_out_of_reach": "angka resmi {target} tidak dapat dicapai oleh model ini. Periksa benchmark.share (bagian, "
    "bukan persen) dan garis kemiskinan di berkas studi.",
    "error_out_of_reach": "galat angka resmi {error} terlalu besar: model ini tidak dapat menyebar sejauh itu. Periksa "
    "benchmark.error (bagian, bukan persen) di berkas studi.",
    "weights_invalid": "penimbang ({column}) kosong, negatif atau seluruhnya nol pada {count} baris. "
    "Periksa kolom penimbang di sumbernya.",
    "values_missing": "kolom {column} kosong pada {count} rumah tangga survei. Lengkapi kolom itu.",
    "design_missing": "kolom {column} (strata atau blok sensus) kosong pada {count} rumah tangga survei. "
    "Lengkapi kolom itu.",
}
UNNAMED = (
    "perhitungan statistik menolak data ini. Jalankan kaur check, periksa temuannya, lalu hubungi pengelola "
    "program bila "
    "tetap ditolak."
)


def meaning(error: EstimationError) -> str:
    """The refusal in Indonesian: what is wrong, and what to do."""
    told = MEANINGS[error.kind].format(**error.facts) if error.kind else UNNAMED
    return f"Taksiran tidak dapat dibuat: {mask(told)}"


def told_in_indonesian(step: Callable[Given, Result]) -> Callable[Given, Result]:
    """Turn a statistical refusal of a step into a rejection that an office worker can act on."""

    @wraps(step)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return step(*args, **kwargs)
        except EstimationError as error:
            raise DataRejected(meaning(error)) from error

    return run
