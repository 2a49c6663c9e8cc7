<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What became of one setting, or what is in force for it.
 *
 * @api
 */
interface ConfigResultInterface
{
    /**
     * Path of the setting.
     *
     * @return string
     */
    public function getPath(): string;

    /**
     * Scope type: default, websites or stores.
     *
     * @return string
     */
    public function getScope(): string;

    /**
     * Code of the website or store view.
     *
     * @return string|null
     */
    public function getScopeCode(): ?string;

    /**
     * What became of it: changed, would_change, unchanged, reset, would_reset, ok, no_scope or error.
     *
     * @return string
     */
    public function getStatus(): string;

    /**
     * Why it is an error.
     *
     * @return string|null
     */
    public function getMessage(): ?string;

    /**
     * Value in force; six asterisks for a secret.
     *
     * @return string|null
     */
    public function getValue(): ?string;

    /**
     * Whether the value is never shown.
     *
     * @return bool|null
     */
    public function getSensitive(): ?bool;

    /**
     * Where the value in force comes from: database, inherited or deployment.
     *
     * @return string|null
     */
    public function getSource(): ?string;

    /**
     * Whether files or the environment fix the value.
     *
     * @return bool|null
     */
    public function getLocked(): ?bool;

    /**
     * Class that validates the value.
     *
     * @return string|null
     */
    public function getBackendModel(): ?string;

    /**
     * Whether it was applied and not let go since.
     *
     * @return bool|null
     */
    public function getManaged(): ?bool;

    /**
     * Value that was applied last; absent for secrets.
     *
     * @return string|null
     */
    public function getApplied(): ?string;

    /**
     * Keyed hash of the secret in force.
     *
     * @return string|null
     */
    public function getFingerprint(): ?string;

    /**
     * Keyed hash of the secret that was applied last.
     *
     * @return string|null
     */
    public function getAppliedFingerprint(): ?string;

    /**
     * Values to choose from.
     *
     * @return string[]|null
     */
    public function getOptions(): ?array;
}
