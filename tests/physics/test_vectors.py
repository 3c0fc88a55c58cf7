"""Every vector of the forward models, each through the function that this version has for it.

The table names 89 vectors by model; `MODELS` says how each model is called. A vector without a function fails, and so does
a function that leaves out one of the vector's results. What is slow and obviously right is in the other files of this room.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, time

import numpy as np
import pydicom
import pytest

from spinemets.ingest.facts import diffusion as header_diffusion
from spinemets.ingest.header.values import Values
from spinemets.knowledge.catalogue import table
from spinemets.maps import suv_scale
from spinemets.physics import (
    activity_decay,
    arterial_input,
    beam_hardening,
    counting,
    ct,
    ct_noise,
    diffusion,
    fat_water,
    fat_water_fit,
    gradient_echo,
    inversion_recovery,
    metal,
    mr_artefacts,
    noise,
    planar_scintigraphy,
    radiograph,
    recovery,
    relaxivity,
    rician,
    spgr_concentration,
    spin_echo,
    tissue_kinetics,
    variable_flip_angle,
)
from spinemets.physics.enhancement_curve import CurveCutoffs, enhancement_curve
from spinemets.physics.fat_water import FatSpectrum, Voxels

N_VECTORS = 89
NUMBERS = [f"E-{number:02d}" for number in range(1, N_VECTORS + 1)]
HAMILTON = FatSpectrum(ppm=(-3.8, -3.4, -2.6, -1.95, -0.5, 0.6), amplitudes=(0.088, 0.7, 0.12, 0.006, 0.039, 0.047))
# What the notes of a vector allow beside its relative tolerance.
ABSOLUTE = {"E-26": {"pdff": 1e-4, "field_map_hz": 0.01}, "E-27": {"pdff": 1e-4, "field_map_hz": 0.01}}
# Fine enough that straight lines between the samples of the input follow the published curve.
FINE_MIN = np.linspace(0.0, 5.0, 5001)
VENDORS = {
    "GE": ("GE MEDICAL SYSTEMS", "GEMS_PARM_01", 0x0043, 0x39, "IS"),
    "SIEMENS": ("SIEMENS", "SIEMENS MR HEADER", 0x0019, 0x0C, "IS"),
    "PHILIPS": ("Philips Medical Systems", "Philips Imaging DD 001", 0x2001, 0x03, "FL"),
}


def relaxation(i):
    return {"pd": i["pd"], "t1_ms": i["t1_ms"], "t2_ms": i["t2_ms"]}


def by_tissue(i, signal):
    return {name: float(pd * signal(t1, t2)) for name, (pd, t1, t2) in i["tissues"].items()}


# --- spin echo, inversion -----------------------------------------------------------------------------------------------


def spin_echo_(i):
    return {"signal": spin_echo.spin_echo(**i), "signal_simple": spin_echo.spin_echo_simple(**i)}


def panel(i):
    def signal(t1, t2):
        return spin_echo.spin_echo(pd=1.0, t1_ms=t1, t2_ms=t2, tr_ms=i["tr_ms"], te_ms=i["te_ms"])

    found = by_tissue(i, signal)
    ratios = {f"marrow_over_{other}": found["marrow"] / found[other] for other in ("muscle", "disc")}
    return {**found, **ratios}


def two_pool(i):
    pools = [
        spin_echo.spin_echo(pd=1.0, t1_ms=i[f"{n}_t1_ms"], t2_ms=i[f"{n}_t2_ms"], tr_ms=i["tr_ms"], te_ms=i["te_ms"])
        for n in ("water", "fat")
    ]
    parts = spin_echo.two_pool(pd=i["pd"], fat_fraction=i["fat_fraction"], water=pools[0], fat=pools[1])
    return {"signal": sum(parts)}


def fse_ideal(i):
    train = {"tr_ms": i["tr_ms"], "te_ms": i["te_eff_ms"], "train_ms": i["etl"] * i["esp_ms"]}
    return {"signal": spin_echo.fast_spin_echo(**relaxation(i), **train)}


def fse_epg(i):
    return {"echo_amplitude": spin_echo.echo_train(n_echoes=i.pop("etl"), **i)}


def null_ti(i):
    return {"ti_null_ms": inversion_recovery.null_ti_ms(efficiency=i.pop("inversion_efficiency"), **i)}


def inverted(i):
    timing = {"ti_ms": i["ti_ms"], "tr_ms": i["tr_ms"], "train_ms": i["train_ms"]}

    def signal(t1, t2):
        z = inversion_recovery.longitudinal(t1_ms=t1, **timing, efficiency=i["inversion_efficiency"])
        return z * spin_echo.decay(i["te_ms"], t2)

    found = by_tissue(i, signal)
    csf = i["tissues"].get("csf", [1.0, 4273.4, 1577.6])[1]
    null = inversion_recovery.null_ti_ms(t1_ms=csf, tr_ms=i["tr_ms"], train_ms=i["train_ms"])
    return {"signal": found, "magnitude": {name: abs(value) for name, value in found.items()}, "csf_null_ti_ms": null}


# --- gradient echo, fat and water ---------------------------------------------------------------------------------------


def spgr(i):
    signal = gradient_echo.spoiled_echo(**i)
    return {"signal": signal, "ernst_deg": gradient_echo.ernst_deg(t1_ms=i["t1_ms"], tr_ms=i["tr_ms"])}


def phase_times(i):
    found = fat_water.phase_times(field_t=i["b0_t"], shift_ppm=i["shift_ppm"])
    return {"delta_f_hz": found.frequency_hz, "te_op_ms": found.opposed_ms, "te_ip_ms": found.in_phase_ms}


def opposed(spectrum):
    def found(i):
        voxels = Voxels(pdff=i["fat_fraction"], t2star_ms=i["t2star_ms"])
        echoes = {"te_opposed_ms": i["te_op_ms"], "te_in_phase_ms": i["te_ip_ms"]}
        ratio = fat_water.opposed_over_in_phase(voxels=voxels, spectrum=spectrum, field_t=i["b0_t"], **echoes)
        return {"sir": ratio}

    return found


def complex_parts(signal):
    return {"real": signal.real, "imag": signal.imag, "magnitude": np.abs(signal)}


def fat_phasor(i):
    spectrum = FatSpectrum(ppm=tuple(i["ppm"]), amplitudes=tuple(i["amplitude"]))
    return complex_parts(fat_water.phasor(spectrum=spectrum, field_t=i["b0_t"], te_ms=i["te_ms"]))


def multi_echo(i):
    voxels = Voxels(**{name: i[name] for name in ("rho", "pdff", "t2star_ms", "field_map_hz")})
    return complex_parts(fat_water.multi_echo(voxels=voxels, spectrum=HAMILTON, field_t=i["b0_t"], te_ms=i["te_ms"]))


def pdff_fit(i):
    signal = np.array(i["real"]) + 1j * np.array(i["imag"])
    found = fat_water_fit.fit_fat_water(signal=signal, te_ms=i["te_ms"], field_t=i["b0_t"], spectrum=HAMILTON)
    return {name: getattr(found, name) for name in ("pdff", "t2star_ms", "field_map_hz")}


def two_points(i):
    pair = {"in_phase": i["in_phase"], "opposed_phase": i["opposed_phase"]}
    return {"apparent_fat_fraction": fat_water.two_point_fat_fraction(**pair)}


def t1_bias(i):
    return {"apparent": fat_water.t1_weighted_fat_fraction(**i)}


# --- diffusion, noise ---------------------------------------------------------------------------------------------------


def adc_two_point(i):
    found = diffusion.adc_two_point(**i)
    return {
        "adc_mm2_per_s": found.adc_mm2_per_s,
        "s0": found.s0,
        "refuse": not found.valid,
        "reason": str(found.reason),
    }


def ivim(i):
    names = {"s0": i["s0"], "f": i["f"], "d_mm2_per_s": i["d_mm2_per_s"], "dstar_mm2_per_s": i["dstar_mm2_per_s"]}
    return {"signal": diffusion.ivim(b_s_per_mm2=i["b_s_per_mm2"], **names)}


def adc_lls(i):
    found = diffusion.adc_log_linear(**i)
    return {"adc_mm2_per_s": found.adc_mm2_per_s, "s0": found.s0}


def ivim_segmented(i):
    found = diffusion.ivim_segmented(**i)
    return {"d_mm2_per_s": found.d_mm2_per_s, "f": found.f}


def b_values(i):
    found = []
    for vendor, raw in zip(i["manufacturer"], i["raw"], strict=True):
        spelled, creator, group, element, vr = VENDORS[vendor]
        dataset = pydicom.Dataset()
        dataset.Manufacturer = spelled
        value = [raw, 8, 0, 0] if vendor == "GE" else raw
        dataset.private_block(group, creator, create=True).add_new(element, vr, value)
        found.append(header_diffusion.of_values(Values(dataset)).b_s_per_mm2)
    return {"b_s_per_mm2": found}


def rician_moments(i):
    mean, sd = noise.rician_moments(i["nu"], i["sigma"])
    return {"mean": mean, "sd": sd}


def koay(i):
    found = rician.koay_inversion(**i)
    return {"nu": found.nu, "sigma": found.sigma}


def known_sigma(i):
    return {"nu": rician.known_sigma_inversion(**i).nu}


def noise_floor(i):
    found = rician.adc_with_noise_floor(adc_mm2_per_s=i.pop("adc_true_mm2_per_s"), **i)
    return {"mean_signal": found.mean_signal, "apparent_adc_mm2_per_s": found.apparent.adc_mm2_per_s}


# --- flip angles, contrast agent ----------------------------------------------------------------------------------------


def vfa_t1(i):
    found = variable_flip_angle.fit_t1(**i)
    return {"t1_ms": found.t1_ms, "m0": found.m0}


def vfa_t1_b1(i):
    call = {"signal": i["signal"], "flip_deg": i["flip_nominal_deg"], "tr_ms": i["tr_ms"]}
    return {
        "t1_uncorrected_ms": variable_flip_angle.fit_t1(**call).t1_ms,
        "t1_corrected_ms": variable_flip_angle.fit_t1(**call, b1_scale=i["b1_scale"]).t1_ms,
    }


def parker_of(i):
    return dataclasses.replace(arterial_input.ParkerInput.POPULATION_2006, hematocrit=i["hematocrit"])


def parker(i):
    curve, call = parker_of(i), {"time_min": i["time_min"], "delay_min": i["delay_min"]}
    return {"blood_mM": curve.blood_mmol_per_l(**call), "plasma_mM": curve.plasma_mmol_per_l(**call)}


def georgiou(i):
    curve = arterial_input.GeorgiouInput(
        amplitudes_mmol_per_l=tuple(i["A_mM"]), rates_per_min=tuple(i["m_per_min"]), alpha=i["alpha"],
        beta_min=i["beta_min"], tau_min=i["tau_min"], hematocrit=0.35,
    )  # fmt: skip
    return {"blood_mM": curve.blood_mmol_per_l(i["time_min"])}


def curves(i):
    assert i["aif"] == "parker"
    return {
        "time_min": FINE_MIN,
        "plasma_mmol_per_l": parker_of(i).plasma_mmol_per_l(FINE_MIN, delay_min=i.get("delay_min", 0.0)),
    }


def at_times(i, curve):
    return [float(curve[np.abs(FINE_MIN - t).argmin()]) for t in i["time_min"]]


def tofts(i):
    values = {"ktrans_per_min": i["ktrans_per_min"], "ve": i["ve"]}
    found = tissue_kinetics.tofts(**curves(i), **values)
    return {"conc_mM": at_times(i, found), "kep_per_min": tissue_kinetics.kep_per_min(**values)}


def extended_tofts(i):
    values = {name: i[name] for name in ("ktrans_per_min", "ve", "vp")}
    return {"conc_mM": at_times(i, tissue_kinetics.extended_tofts(**curves(i), **values))}


def patlak(i):
    found = tissue_kinetics.patlak(**curves(i), ktrans_per_min=i["ktrans_per_min"], vp=i["vp"])
    area = tissue_kinetics.plasma_area_mmol_min_per_l(**curves(i))
    return {"conc_mM": at_times(i, found), "auc_plasma_mM_min": at_times(i, area)}


def transfer(i):
    return tissue_kinetics.ktrans_per_min(fp_per_min=i["fp_per_min"], ps_per_min=i["ps_per_min"])


def exchange(i):
    tissue = tissue_kinetics.ExchangeParameters(**{n: i[n] for n in ("fp_per_min", "ps_per_min", "vp", "ve")})
    response = tissue.response()
    return {
        "conc_mM": at_times(i, tissue_kinetics.two_compartment_exchange(**curves(i), tissue=tissue)),
        "k_plus_per_min": response.k_plus_per_min, "k_minus_per_min": response.k_minus_per_min,
        "e": response.slow_share, "ktrans_per_min": transfer(i),
    }  # fmt: skip


def uptake(i):
    tissue = tissue_kinetics.UptakeParameters(**{n: i[n] for n in ("fp_per_min", "ps_per_min", "vp")})
    return {
        "conc_mM": at_times(i, tissue_kinetics.two_compartment_uptake(**curves(i), tissue=tissue)),
        "ktrans_per_min": transfer(i), "tp_min": 1.0 / tissue.response().k_plus_per_min,
    }  # fmt: skip


def tofts_biexp(i):
    plasma = arterial_input.BiExponentialInput(
        dose_mmol_per_kg=i["dose_mmol_per_kg"], amplitudes_kg_per_l=tuple(i["a_kg_per_l"]),
        rates_per_min=tuple(i["m_per_min"]),
    )  # fmt: skip
    call = {"time_min": i["time_min"], "plasma": plasma, "ktrans_per_min": i["ktrans_per_min"], "ve": i["ve"]}
    return {"conc_mM": tissue_kinetics.tofts_biexponential(**call)}


def spoiled(i):
    return spgr_concentration.SpoiledEcho(
        t10_ms=i["t10_ms"], tr_ms=i["tr_ms"], flip_deg=i["flip_deg"], r1_per_mmol_per_s=i["r1_per_mM_per_s"]
    )


def spgr_ratio(i):
    echo = spoiled(i)
    if "signal_ratio" in i:
        found = spgr_concentration.concentration(signal_ratio=i["signal_ratio"], echo=echo)
        assert found.reason == spgr_concentration.SATURATED
        return {"refuse": not found.valid, "max_ratio": found.max_ratio}
    ratio = spgr_concentration.signal_ratio(conc_mmol_per_l=i["conc_mM"], echo=echo)
    back = spgr_concentration.concentration(signal_ratio=ratio, echo=echo)
    assert back.conc_mmol_per_l == pytest.approx(i["conc_mM"], rel=1e-6, abs=1e-9)
    return {"signal_ratio": ratio}


def spgr_linear(i):
    echo = spoiled(i)
    ratio = spgr_concentration.signal_ratio(conc_mmol_per_l=i["conc_mM"], echo=echo)
    return {"linear_conc_mM": spgr_concentration.concentration_linear(signal_ratio=ratio, echo=echo)}


def enhancement(i):
    cutoffs = CurveCutoffs(
        arrival_rise_percent=10.0, early_s=60.0, none_below_percent=20.0, slow_up_to_percent=50.0,
        wash_out_below_percent=95.0, second_rise_above_percent=110.0,
    )  # fmt: skip
    found = dataclasses.asdict(enhancement_curve(**i, cutoffs=cutoffs))
    return {**found, "curve_type": str(found["curve_type"])}


def gd_t1(i):
    call = {"t10_ms": i["t10_ms"], "conc_mmol_per_l": i["conc_mM"], "r1_per_mmol_per_s": i["r1_per_mM_per_s"]}
    return {"t1_ms": relaxivity.t1_with_agent_ms(**call)}


# --- X-rays -------------------------------------------------------------------------------------------------------------


def ct_mixture(i):
    parts = {n: float(ct.hu_from_mu(i["mu_per_cm"][n], i["mu_per_cm"]["water"])) for n in i["volume_fraction"]}
    return {"hu": ct.mixture_hu(parts, i["volume_fraction"]), "hu_of_parts": list(parts.values())}


def ct_trabecular(i):
    assert i.pop("cortical_mineral_mg_per_ml") == ct.CORTICAL_MINERAL_MG_PER_ML
    return {"hu": ct.trabecular_hu(fat_fraction=i.pop("marrow_fat_fraction"), **i)}


def ct_by_voltage(i):
    rows = {name: tuple(i[name]) for name in ("kvp", "hu_bone", "hu_fat", "hu_soft")}
    energies = tuple(table("attenuation")["tube_voltage"]["effective_energy_kev"])
    voltages = ct.TubeVoltages(effective_energy_kev=energies, **rows)
    hu = ct.trabecular_hu_by_kvp(
        mineral_mg_per_ml=i["mineral_mg_per_ml"], fat_fraction=i["marrow_fat_fraction"], voltages=voltages
    )
    return {"hu": hu, "ratio_to_120": hu / hu[i["kvp"].index(120)]}


def ct_myelogram(i):
    fluid = ct.iodine_hu(
        hu_without=i["hu_csf"], iodine_mg_per_ml=i["iodine_mg_per_ml"], hu_per_mg_per_ml=i["hu_per_mg_per_ml"]
    )
    voxel = ct.myelogram_hu(hu_fluid=fluid, hu_cord=i["hu_cord"], cord_fraction=i["cord_fraction"])
    return {"hu_csf_contrast": fluid, "hu_voxel": voxel}


def ct_noise_(i):
    names = ("mas", "slice_mm", "pixel_mm")
    scan = ct_noise.Exposure(**{name: i[name] for name in names})
    stated = ct_noise.Exposure(mas=i["mas_ref"], slice_mm=i["slice_ref_mm"], pixel_mm=i["pixel_ref_mm"])
    half = dataclasses.replace(scan, pixel_mm=scan.pixel_mm / 2.0)
    found = [
        ct_noise.scaled_noise_hu(reference_hu=i["sigma_ref_hu"], reference=stated, scan=one) for one in (scan, half)
    ]
    return {"sigma_hu": found[0], "sigma_hu_half_pixel": found[1]}


def psf_gaussian(i):
    mtf = {f"mtf{percent}_per_cm": ct.mtf_frequency_per_cm(i["fwhm_mm"], percent / 100.0) for percent in (50, 10)}
    return {"sigma_mm": ct.sigma_from_fwhm_mm(i["fwhm_mm"]), **mtf}


def psf_shell(i):
    return {"hu_peak": ct.shell_peak_hu(**i)}


def partial_volume(i):
    return {"hu": ct.slice_partial_volume_hu(**i)}


def hardening(i):
    spectrum = beam_hardening.Spectrum(
        weight=i["weight"], mu_per_cm={"water": i["mu_water_per_cm"], "bone": i["mu_bone_per_cm"]}
    )
    only = [length for length, bone in zip(i["water_cm"], i["bone_cm"], strict=True) if not bone]
    return {
        "line_integral": spectrum.line_integral({"water": i["water_cm"], "bone": i["bone_cm"]}),
        "mu_eff_water_per_cm": spectrum.effective_mu_per_cm("water", only),
        "mu_thin_per_cm": spectrum.thin_mu_per_cm("water"),
    }


def metal_transmission(i):
    path = np.stack([i["ti_cm"], i["water_cm"]], axis=-1)
    found = metal.behind(mu_per_cm=[i["mu_ti_per_cm"], i["mu_water_per_cm"]], path_cm=path, photons_in=i["photons_in"])
    return {"transmission": found.transmission, "detected": found.photons, "sd_of_log": found.sd_of_log}


def radiograph_(i):
    mu = [i["mu_trabecular_per_cm"], i["mu_lesion_per_cm"], i["mu_soft_per_cm"]]
    lengths = ([i["body_cm"], 0.0], [i["body_cm"] - i["lesion_cm"], i["lesion_cm"]])
    normal, lesion = (radiograph.log_attenuation(mu_per_cm=mu, path_cm=[*own, i["soft_cm"]]) for own in lengths)
    found = radiograph.lesion_contrast(log_normal=normal, log_lesion=lesion, photons_in=i["photons_in"])
    return {
        "log_attenuation_normal": normal, "log_attenuation_lesion": lesion, "intensity_ratio": found.intensity_ratio,
        "contrast_percent": found.contrast_percent, "quantum_noise_percent_per_pixel": found.noise_percent,
    }  # fmt: skip


def geometry(i):
    found = radiograph.Projection(sid_mm=i["sid_mm"], sod_mm=i["sod_mm"], focal_spot_mm=i["focal_spot_mm"])
    return {
        "magnification": found.magnification, "image_mm": found.image_mm(i["object_mm"]),
        "penumbra_mm": found.penumbra_mm,
    }  # fmt: skip


# --- tracers ------------------------------------------------------------------------------------------------------------


def suv_(i):
    body = suv_scale.Body(weight_kg=i["weight_kg"], height_m=i["height_m"], sex=i["sex"])
    injection = suv_scale.Injection(
        dose_bq=i["injected_dose_bq"], half_life_s=i["half_life_s"],
        injected_at=time.fromisoformat(i["injection_time"]), nominal_half_life_s=i["half_life_s"],
    )  # fmt: skip
    image = suv_scale.PetImage(
        units=i.get("units", "BQML"), corrections=tuple(i.get("corrected_image", ("DECY", "ATTN", "SCAT"))),
        decay_correction=i["decay_correction"],
    )  # fmt: skip
    times = suv_scale.ScanTimes(series_at=time.fromisoformat(i["series_time"]))
    found = suv_scale.scale(body=body, injection=injection, image=image, times=times)
    if isinstance(found, suv_scale.Refused):
        return {"refuse": True, "reason": found.reason}
    if isinstance(found.bw, suv_scale.Refused):
        return {"refuse": True, "reason": found.bw.reason}
    activity, size = i["activity_bq_per_ml"], {"weight_kg": i["weight_kg"], "height_m": i["height_m"]}
    return {
        "dose_decayed_bq": found.dose_bq, "suvbw_g_per_ml": activity * found.bw,
        "suvlbm_g_per_ml": activity * found.lbm_janma, "suvbsa_cm2_per_ml": activity * found.bsa,
        "lbm_janma_kg": suv_scale.lean_body_mass_kg(**size, sex=i["sex"]), "bsa_m2": suv_scale.body_surface_m2(**size),
    }  # fmt: skip


def suv_decay(i):
    moments = [datetime.fromisoformat(i[name]) for name in ("injection_datetime", "series_datetime")]
    elapsed = suv_scale.uptake_time(injected_at=moments[0], scan_start=moments[1]).elapsed_s
    return {
        "elapsed_s": elapsed,
        "decay_factor": activity_decay.decay_factor(elapsed_s=elapsed, half_life_s=i["half_life_s"]),
    }


def suv_decay_none(i):
    half_life = {"half_life_s": i["half_life_s"]}
    start, duration = i["frame_start_after_injection_s"], i["frame_duration_s"]
    return {
        "decay_to_frame_start": activity_decay.decay_factor(elapsed_s=start, **half_life),
        "frame_average_factor": activity_decay.frame_average_factor(duration_s=duration, **half_life),
        "total_correction": activity_decay.uncorrected_frame_factor(start_s=start, duration_s=duration, **half_life),
    }


def recovery_sphere(i):
    size = {"radius_mm": i["radius_mm"], "fwhm_mm": i["fwhm_mm"]}
    shares = {"centre": recovery.sphere_centre_recovery(**size), "mean": recovery.sphere_mean_recovery(**size)}
    values = {"lesion": i["lesion"], "background": i["background"]}
    seen = {f"apparent_{name}": recovery.apparent(**values, recovery=share) for name, share in shares.items()}
    return {**{f"rc_{name}": share for name, share in shares.items()}, **seen}


def planar(i):
    return dataclasses.asdict(planar_scintigraphy.point_views(**i))


def planar_ratio(i):
    def counts(lesion):
        z0, z1, uptakes = zip(*i["layers_from_posterior"], strict=True)
        layers = planar_scintigraphy.Layers(
            z0_cm=z0, z1_cm=z1, uptake=[lesion if u == "lesion" else u for u in uptakes]
        )
        return float(planar_scintigraphy.layer_counts(layers, mu_per_cm=i["mu_per_cm"]))

    found = [counts(uptake) for uptake in i["lesion_uptake"]]
    return {"counts_rel": found, "ratio_to_normal": planar_scintigraphy.ratio_to_normal(found, counts(1.0))}


def poisson(i):
    counts = i["counts"]
    return {
        "sd": counting.poisson_sd(counts), "relative_sd": counting.relative_sd(counts),
        "geometric_mean_rel_sd": counting.geometric_mean_relative_sd(counts, counts),
    }  # fmt: skip


# --- MR artefacts -------------------------------------------------------------------------------------------------------


def chemical_shift(i):
    rows = list(zip(i["b0_t"], i["bandwidth_hz_per_px"], i["pixel_mm"], strict=True))
    calls = [{"field_t": b0, "bandwidth_hz_per_px": width, "shift_ppm": i["shift_ppm"]} for b0, width, _ in rows]
    return {
        "shift_px": [noise.chemical_shift_px(**call) for call in calls],
        "shift_mm": [noise.chemical_shift_mm(**call, pixel_mm=row[2]) for call, row in zip(calls, rows, strict=True)],
    }


def coil(i):
    return {
        "relative_sensitivity": mr_artefacts.loop_sensitivity(depth_mm=i["depth_mm"], radius_mm=i["loop_radius_mm"])
    }


def fatsat(i):
    band = {"band_sigma_hz": i["sigma_hz"], "efficiency": i["eta0"]}
    return {"residual_fat": mr_artefacts.residual_fat(b0_offset_hz=i["b0_offset_hz"], **band)}


def ghost(i):
    return {"relative_amplitude": mr_artefacts.ghost_amplitude(**i)}


def slice_profile(i):
    profile = mr_artefacts.SliceProfile(fwhm_mm=i["fwhm_mm"], ramp_mm=i["ramp_mm"])
    return {
        "fraction_below": profile.fraction_below(i["interface_mm"]),
        "effective_width_mm": profile.effective_width_mm,
    }


def mr_snr(i):
    return {
        "snr": noise.snr(
            reference=i["snr_ref"], voxel_ratio=i["voxel_mm3"] / i["voxel_ref_mm3"], nex_ratio=i["nex"] / i["nex_ref"],
            bandwidth_ratio=i["bandwidth_hz"] / i["bandwidth_ref_hz"], field_ratio=i["b0_t"] / i["b0_ref_t"],
        )
    }  # fmt: skip


MODELS = {
    "spin_echo": spin_echo_, "spin_echo_panel": panel, "spin_echo_two_pool": two_pool, "fse_ideal": fse_ideal,
    "fse_epg": fse_epg, "ir_null_ti": null_ti, "stir": inverted, "t1_flair": inverted, "spgr": spgr,
    "ip_op_times": phase_times, "opposed_phase_single_peak": opposed(FatSpectrum.single()),
    "opposed_phase_6peak": opposed(HAMILTON), "fat_phasor_6peak": fat_phasor, "multi_echo_6peak": multi_echo,
    "pdff_fit": pdff_fit, "dixon_2pt_magnitude": two_points, "pdff_t1_bias": t1_bias, "adc_two_point": adc_two_point,
    "ivim": ivim, "adc_lls": adc_lls, "ivim_segmented": ivim_segmented, "b_value_decode": b_values,
    "rician_moments": rician_moments, "koay_inversion": koay, "rician_invert_known_sigma": known_sigma,
    "adc_noise_floor": noise_floor, "vfa_t1": vfa_t1, "vfa_t1_b1": vfa_t1_b1, "parker_aif": parker,
    "georgiou_aif": georgiou, "tofts": tofts, "extended_tofts": extended_tofts, "patlak": patlak, "2cxm": exchange,
    "2cum": uptake, "tofts_biexp": tofts_biexp, "spgr_concentration": spgr_ratio,
    "spgr_concentration_linear": spgr_linear, "enhancement_curve": enhancement, "ct_mixture": ct_mixture,
    "ct_trabecular": ct_trabecular, "ct_trabecular_kvp": ct_by_voltage, "ct_myelogram": ct_myelogram,
    "ct_noise": ct_noise_, "psf_gaussian": psf_gaussian, "psf_shell": psf_shell,
    "slice_partial_volume": partial_volume, "beam_hardening": hardening, "metal_transmission": metal_transmission,
    "radiograph": radiograph_, "radiograph_geometry": geometry, "suv": suv_, "suv_decay": suv_decay,
    "suv_decay_none": suv_decay_none, "recovery_sphere": recovery_sphere, "bone_scan_planar": planar,
    "bone_scan_planar_ratio": planar_ratio, "poisson": poisson, "chemical_shift": chemical_shift,
    "coil_shading": coil, "fatsat": fatsat, "gd_t1": gd_t1, "motion_ghost": ghost, "slice_profile": slice_profile,
    "mr_snr": mr_snr,
}  # fmt: skip


@pytest.fixture(scope="module")
def vectors(shared_data):
    """The table beside the images, by id; skipped where it is absent."""
    path = shared_data.parent / "clinical" / "vectors.json"
    if not path.is_file():
        pytest.skip("the table of physics vectors (shared/clinical/vectors.json) is not here")
    return {row["id"]: row for row in json.loads(path.read_text())["vectors"]}


def flat(value, place):
    """Numbers and words of a result in order, each with its place."""
    if isinstance(value, dict):
        return [one for name in value for one in flat(value[name], f"{place} {name}")]
    if isinstance(value, (list, tuple)):
        return [one for n, part in enumerate(value) for one in flat(part, f"{place} {n}")]
    return [(place, value)]


def plain(value, like):
    """What a function found, in the form of the table: only the names that the table asks for."""
    if isinstance(like, dict):
        return {name: plain(value[name], part) for name, part in like.items()}
    if isinstance(like, list):
        found = list(np.asarray(value).tolist())
        assert len(found) == len(like)
        return found
    return value


def test_no_vector_is_left_without_a_function(vectors):
    """All 89, and no function for what is no model of the table."""
    assert sorted(vectors) == NUMBERS
    assert {row["model"] for row in vectors.values()} == set(MODELS)


@pytest.mark.parametrize("number", NUMBERS)
def test_vector(vectors, number):
    """Each result of the table within its stated tolerance (0 = exact)."""
    row = vectors[number]
    # A function may take its inputs apart.
    found = plain(MODELS[row["model"]](json.loads(json.dumps(row["inputs"]))), row["outputs"])
    for (place, expected), (_, value) in zip(flat(row["outputs"], number), flat(found, number), strict=True):
        if isinstance(expected, (str, bool)):
            assert value == expected, place
        else:
            absolute = ABSOLUTE.get(number, {}).get(place.split()[-1], 1e-9 if expected == 0.0 else 0.0)
            assert float(value) == pytest.approx(expected, rel=row["rel_tolerance"], abs=absolute), place
