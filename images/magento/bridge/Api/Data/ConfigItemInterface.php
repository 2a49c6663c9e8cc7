<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * One setting as a caller gives it: a value, or inherit. A query gives neither.
 *
 * @api
 */
interface ConfigItemInterface
{
    /**
     * Path of the setting, as the configuration has it.
     *
     * @return string
     */
    public function getPath(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setPath(?string $value): self;

    /**
     * Scope type: default, websites or stores; default when absent.
     *
     * @return string|null
     */
    public function getScope(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setScope(?string $value): self;

    /**
     * Code of the website or store view.
     *
     * @return string|null
     */
    public function getScopeCode(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setScopeCode(?string $value): self;

    /**
     * What shall be stored.
     *
     * @return string|null
     */
    public function getValue(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setValue(?string $value): self;

    /**
     * Whether nothing shall be stored, so that the value of the wider scope holds.
     *
     * @return bool|null
     */
    public function getInherit(): ?bool;

    /**
     * Set it.
     *
     * @param bool|null $value
     * @return $this
     */
    public function setInherit(?bool $value): self;
}
