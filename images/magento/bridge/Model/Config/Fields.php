<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Config\Model\Config\Backend\Encrypted;
use Magento\Config\Model\Config\Structure;
use Magento\Config\Model\Config\Structure\Element\Field as Element;
use Magento\Config\Model\Config\StructureFactory;
use StoreController\Bridge\Core\Field;
use StoreController\Bridge\Core\Options;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\Scope;

/**
 * The shop's own configuration structure: which settings there are and what they may hold.
 */
class Fields
{
    private const CHOICES = ['select', 'multiselect', 'allowspecific', 'radios', 'checkboxes'];

    /**
     * @var Structure|null
     */
    private ?Structure $structure = null;

    /**
     * @var array<string, Field>
     */
    private array $fields = [];

    /**
     * @var array<string, string[]>
     */
    private array $options = [];

    /**
     * @param StructureFactory $structureFactory lazily: reading all system.xml files costs, and status needs none
     * @param Options $flattener
     */
    public function __construct(
        private readonly StructureFactory $structureFactory,
        private readonly Options $flattener
    ) {
    }

    /**
     * Returns what the structure says about a path.
     *
     * @param string $path
     * @throws Refusal
     */
    public function get(string $path): Field
    {
        return $this->fields[$path] ??= $this->read($path);
    }

    /**
     * Returns Magento's own element. Elements are flyweights, so it is taken afresh whenever it is needed.
     *
     * @param string $path
     * @throws Refusal
     */
    public function element(string $path): Element
    {
        $this->structure ??= $this->structureFactory->create();
        $known = $this->structure->getFieldPaths();
        $element = isset($known[$path]) ? $this->structure->getElementByConfigPath($path) : null;
        if (!$element instanceof Element) {
            throw new Refusal('Unknown path "%1".', [$path]);
        }
        return $element;
    }

    /**
     * Returns all values that may be chosen; empty when they cannot be told.
     *
     * @param string $path
     * @return string[]
     */
    public function options(string $path): array
    {
        return $this->options[$path] ??= $this->readOptions($path);
    }

    /**
     * Asks the source model.
     *
     * @param string $path
     * @return string[]
     */
    private function readOptions(string $path): array
    {
        try {
            return $this->flattener->values($this->element($path)->getOptions());
        } catch (Refusal $refusal) {
            throw $refusal;
        } catch (\Throwable) {
            // Some source models need a request to the administration; their backend models have to check.
            return [];
        }
    }

    /**
     * Asks the structure.
     *
     * @param string $path
     */
    private function read(string $path): Field
    {
        $element = $this->element($path);
        $data = $element->getData();
        $shown = [
            Scope::DEFAULT => $element->showInDefault(),
            Scope::WEBSITES => $element->showInWebsite(),
            Scope::STORES => $element->showInStore(),
        ];
        $backend = $element->hasBackendModel() ? ltrim((string)$data['backend_model'], '\\') : null;
        $type = (string)$element->getType();
        return new Field(
            $path,
            (string)$element->getPath(),
            $type,
            array_keys(array_filter($shown)),
            (string)($data['validate'] ?? ''),
            $backend !== null && is_a($backend, Encrypted::class, true),
            $backend,
            in_array($type, self::CHOICES, true) && $element->hasOptions()
        );
    }
}
